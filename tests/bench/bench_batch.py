"""What a batch of recordings costs on each engine, beside the same replays one after another in one process.

Copies of one sample, each with another session's name so that no two are alike, are decided again: inline, on a pool,
on a Dask cluster of this machine (if the extra is installed), and once more with everything in the store. What an
engine takes to start is in its time, as it is for whoever waits; `--copies` says how much work it is spread over.

    python -m tests.bench.bench_batch [--copies 120] [--jobs 2] [--sample FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import tempfile
from pathlib import Path

from companion.batch import BatchOptions, Done, ReplayJob, batch
from recordings.reader import Recording

SAMPLE = Path(__file__).resolve().parents[2] / "recordings" / "samples" / "platform.mcap"


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--copies", type=int, default=120)
    args.add_argument("--jobs", type=int, default=2)
    args.add_argument("--sample", type=Path, default=SAMPLE)
    asked = args.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = measure(Path(name), asked.sample, asked.copies, asked.jobs)
    inline_s = figures["inline"]["wall_s"]
    print(f"{asked.copies} copies of {asked.sample.name}, {asked.jobs} jobs at a time")
    print(f"{'':<24}{'s':>8}{'jobs/s':>10}{'x real time':>14}{'x inline':>10}")
    for name, row in figures.items():
        row["times_inline"] = round(inline_s / row["wall_s"], 2)
        print(
            f"{name:<24}{row['wall_s']:>8.1f}{row['jobs_per_s']:>10.1f}"
            f"{row['times_real_time']:>14,.0f}{row['times_inline']:>10.2f}"
        )
    print(json.dumps({"bench": "batch", "copies": asked.copies, "jobs": asked.jobs, **figures}))


def measure(folder: Path, sample: Path, copies: int, jobs: int) -> dict[str, dict[str, float]]:
    """Each engine with a store of its own, and the process pool again with what it kept."""
    data, session = sample.read_bytes(), Recording(sample).info.session
    (folder / "in").mkdir()
    for i in range(copies):
        other = data.replace(session.encode(), f"{i:0{len(session)}d}".encode(), 1)  # on its card, before any chunk
        (folder / "in" / f"{i:04d}.mcap").write_bytes(other)
    rows = [("inline", "inline", "a"), (f"process x{jobs}", "process", "b"), ("all in the store", "process", "b")]
    if importlib.util.find_spec("distributed"):
        rows.insert(2, (f"dask x{jobs}", "dask", "c"))
    out = {}
    for name, engine, store in rows:
        options = BatchOptions(jobs=jobs, engine=engine, store=folder / store)
        out[name] = _figures(batch([folder / "in"], ReplayJob(), options=options, stream=io.StringIO()), copies)
    return out


def _figures(done: Done, copies: int) -> dict[str, float]:
    lengths_s = [result.media_s for result in done.summary.results]
    assert done.summary.counts["same"] == copies and min(lengths_s) > 0, done.text
    wall_s, media_s = done.summary.wall_s, sum(lengths_s)
    return {
        "wall_s": round(wall_s, 2),
        "jobs_per_s": round(copies / wall_s, 1),
        "times_real_time": round(media_s / wall_s, 1),
    }


if __name__ == "__main__":
    main()
