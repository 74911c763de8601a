"""Many recordings at once: each comes out exactly once, whatever dies, and nothing is done twice for nothing.

The jobs of these tests are small functions in a module that is written for the test, as a developer's own would be.
Where a process must die at the right moment, it says through a pipe that the moment has come, and waits for its end.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from mcap.opcode import Opcode

from companion.batch import BatchOptions, Done, ReplayJob, batch, find_recordings
from companion.batch.engines import Executor, Inline, ProcessPool
from companion.batch.fingerprint import code_digest, settings_text, sha256_of
from companion.batch.progress import Progress, duration
from companion.batch.store import KEPT_DAYS, Store, default_folder
from companion.batch.summary import Result, Summary
from pipelines import events as ev
from recordings.container import walk
from recordings.partfile import PartFile
from recordings.reader import Recording
from recordings.session import RecordingError
from recordings.writer import Recorder, RecorderOptions

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "recordings" / "samples" / "platform.mcap"

JOBS = '''
import os, signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    path: Path = Path()
    notes: str = ""      # folder: who ran, and the pipes
    limit: int = 3
    prompt: Path | None = None


def look(job):
    """Alike if the file says so; leaves a line for each run."""
    said = job.path.read_text()
    with open(f"{job.notes}/{job.path.name}.runs", "a") as runs:
        runs.write("run\\n")
    acts = {"poison": poison, "victim": victim, "hang": wait_for_the_end, "disk": no_disk, "bug": bug}
    for word, act in acts.items():
        if word in said:
            act(job)
    return {"same": "other" not in said, "first": f"turn {job.limit}" if "other" in said else "", "media_s": 60}


def poison(job):
    os._exit(7)


def victim(job):
    """On its first run it says who it is (its parent after a comma) and waits to be killed."""
    if Path(f"{job.notes}/{job.path.name}.runs").read_text().count("run") == 1:
        with open(f"{job.notes}/who", "w") as who:
            who.write(f"{os.getpid()},{os.getppid()}")
        wait_for_the_end(job)


def wait_for_the_end(job):
    open(f"{job.notes}/never").read()


def no_disk(job):
    raise OSError(5, "the disk did not answer")


def bug(job):
    raise ZeroDivisionError("a fault of the job")
'''


@dataclass
class Desk:
    """A folder of files that stand for recordings, a module of jobs, and a store."""

    folder: Path
    module: str
    source: Path

    @property
    def look(self) -> str:
        return f"{self.module}:look"

    def job(self, **more: Any) -> Any:
        made = importlib.import_module(self.module).Job(notes=str(self.folder / "notes"))
        return replace(made, **more)

    def file(self, name: str, says: str) -> Path:
        path = self.folder / "in" / f"{name}.mcap"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name}: {says}")
        return path

    def files(self, number: int, says: str = "fine") -> list[Path]:
        return [self.file(f"{i:02d}", says) for i in range(number)]

    def runs(self) -> dict[str, int]:
        """How often each file's job ran."""
        found = (self.folder / "notes").glob("*.runs")
        return {path.name.removesuffix(".mcap.runs"): path.read_text().count("run") for path in sorted(found)}

    def batch(self, job: Any = None, executor: Executor | None = None, **options: Any) -> Done:
        given = BatchOptions(**{"engine": "inline", "store": self.folder / "store", **options})
        return batch([self.folder / "in"], job or self.job(), self.look, given, io.StringIO(), executor)

    def kill_when_told(self, which: int) -> threading.Thread:
        """SIGKILL to the victim (0) or its parent (1), as soon as it says who they are."""

        def kill() -> None:
            who = (self.folder / "notes" / "who").read_text().split(",")
            os.kill(int(who[which]), signal.SIGKILL)

        thread = threading.Thread(target=kill, daemon=True)
        thread.start()
        return thread


_numbers = count()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    module = f"jobs_of_test_{next(_numbers)}"
    (tmp_path / f"{module}.py").write_text(JOBS)
    (tmp_path / "notes").mkdir()
    for pipe in ("who", "never"):
        os.mkfifo(tmp_path / "notes" / pipe)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Desk(tmp_path, module, tmp_path / f"{module}.py")
    sys.modules.pop(module, None)


def names(done: Done) -> list[str]:
    return [result.path.stem for result in done.summary.results]


# ---------------------------------------------------------------------------------------------------- whatever dies


def test_a_killed_process_costs_one_attempt_and_no_result(desk: Desk) -> None:
    desk.files(9)
    desk.file("04", "victim")
    killer = desk.kill_when_told(0)
    done = desk.batch(engine="process", jobs=2)
    killer.join()
    assert (done.code, names(done)) == (0, [f"{i:02d}" for i in range(9)])
    assert desk.runs() == {f"{i:02d}": 2 if i == 4 else 1 for i in range(9)}
    assert {r.path.stem: r.attempts for r in done.summary.results if r.attempts > 1} == {"04": 2}


def test_a_job_that_kills_its_process_fails_alone_and_not_for_ever(desk: Desk) -> None:
    desk.files(4)
    desk.file("01", "poison")
    done = desk.batch(engine="process", jobs=2, retries=1)
    (failed,) = [r for r in done.summary.results if r.status == "failed"]
    assert (failed.path.stem, failed.attempts, done.code) == ("01", 2, 2)
    assert "its process died: exit code 7" in done.text and "(2 attempts)" in done.text
    assert done.summary.counts["same"] == 3
    assert desk.runs() == {"00": 1, "01": 2, "02": 1, "03": 1}


def test_a_job_that_never_ends_is_ended(desk: Desk) -> None:
    desk.file("a", "hang")
    pids: list[int] = []
    done = desk.batch(executor=ProcessPool(1, 1.0, pids.append))
    assert done.code == 2 and "took longer than 1 s and was ended" in done.text
    assert done.summary.results[0].attempts == 1, "a job that hangs will hang again"
    (pid,) = pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_killed_while_idle_is_nobodys_fault(desk: Desk) -> None:
    desk.files(3)
    pids: list[int] = []
    pool = ProcessPool(1, 60.0, pids.append)
    killed: list[int] = []

    class KillAfterFirst:
        def map(self, tasks: Any, on_answer: Callable[[Any], None], retries: int) -> None:
            def answered(answer: Any) -> None:
                on_answer(answer)
                if not killed:
                    killed.append(pids[0])
                    os.kill(pids[0], signal.SIGKILL)
                    os.waitid(os.P_PID, pids[0], os.WEXITED | os.WNOWAIT)

            pool.map(tasks, answered, 0)

    done = desk.batch(executor=KillAfterFirst())
    assert done.code == 0 and len(pids) == 2 and done.summary.counts["same"] == 3


def test_trouble_with_the_disk_is_tried_again_and_a_bug_is_not(desk: Desk) -> None:
    desk.file("a", "disk")
    desk.file("b", "bug")
    desk.file("c", "fine")
    done = desk.batch(retries=2)
    assert desk.runs() == {"a": 3, "b": 1, "c": 1}
    assert "the disk did not answer" in done.text and "ZeroDivisionError: a fault of the job" in done.text
    assert done.code == 2


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(desk: Desk) -> None:
    desk.files(3)
    desk.file("03", "victim")
    desk.file("04", "fine")
    call = (
        # A shell that runs in the background has its children ignore Ctrl-C.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import sys; from pathlib import Path; from companion.batch import *;"
        f"from {desk.module} import Job;"
        f"done = batch([Path({str(desk.folder / 'in')!r})], Job(notes={str(desk.folder / 'notes')!r}), {desk.look!r},"
        f"BatchOptions(jobs=1, store=Path({str(desk.folder / 'store')!r})));"
        "print(done.text); sys.exit(done.code)"
    )
    env = {**os.environ, "PYTHONPATH": f"{desk.folder}{os.pathsep}{ROOT}"}
    process = subprocess.Popen([sys.executable, "-c", call], env=env, stdout=subprocess.PIPE, text=True)
    (desk.folder / "notes" / "who").read_text()  # the fourth has begun
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: 3 of 5 are done and kept; the same command goes on from there" in out
    assert desk.runs() == {"00": 1, "01": 1, "02": 1, "03": 1}
    done = desk.batch()
    assert done.code == 0 and done.summary.counts["skipped"] == 3
    assert desk.runs() == {"00": 1, "01": 1, "02": 1, "03": 2, "04": 1}


def test_an_engine_that_answers_twice_is_found_out(desk: Desk) -> None:
    desk.file("a", "fine")

    class Twice:
        def map(self, tasks: Any, on_answer: Callable[[Any], None], retries: int) -> None:
            from companion.batch.jobs import carry_out

            for task in [*tasks, *tasks]:
                on_answer(carry_out(task))

    with pytest.raises(AssertionError, match="answered twice"):
        desk.batch(executor=Twice())


# ------------------------------------------------------------------------------------------------ nothing for nothing


def test_only_what_changed_is_replayed_again(desk: Desk) -> None:
    desk.files(3)
    first = desk.batch()
    assert first.summary.counts["skipped"] == 0
    second = desk.batch()
    assert second.summary.counts["skipped"] == 3 and desk.runs() == {"00": 1, "01": 1, "02": 1}
    assert "3 skipped, nothing changed since they were replayed" in second.text
    assert [r.report for r in second.summary.results] == [r.report for r in first.summary.results]

    desk.file("01", "other")
    third = desk.batch()
    assert (third.code, third.summary.counts["skipped"], desk.runs()["01"]) == (1, 2, 2)
    assert desk.batch().code == 1, "a difference that was skipped is a difference still"

    desk.batch(desk.job(limit=4))
    assert desk.runs() == {"00": 2, "01": 3, "02": 2}, "other settings"

    desk.source.write_text(JOBS + "\n# edited\n")
    assert desk.batch().summary.counts["skipped"] == 0, "other code"


def test_an_edited_prompt_is_another_setting(desk: Desk, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("be brief")
    desk.files(1)
    desk.batch(desk.job(prompt=prompt))
    assert desk.batch(desk.job(prompt=prompt)).summary.counts["skipped"] == 1
    prompt.write_text("be kind")
    assert desk.batch(desk.job(prompt=prompt)).summary.counts["skipped"] == 0
    prompt.unlink()
    with pytest.raises(RecordingError, match=r"prompt\.txt cannot be read"):
        desk.batch(desk.job(prompt=prompt))


def test_a_moved_recording_is_known_and_a_copy_is_replayed_once(desk: Desk) -> None:
    path = desk.file("a", "fine")
    desk.batch()
    moved = path.rename(path.with_name("b.mcap"))
    shutil.copy2(moved, moved.with_name("c.mcap"))
    done = desk.batch()
    assert desk.runs() == {"a": 1} and names(done) == ["b"]
    assert done.summary.results[0].copies == (moved.with_name("c.mcap"),)
    assert "1 more file is a copy" in done.text


def test_a_damaged_report_is_made_anew(desk: Desk) -> None:
    desk.files(4)
    desk.batch()
    entries = sorted((desk.folder / "store").glob("*/*.json"))
    entries[0].write_bytes(entries[0].read_bytes()[:40])
    entries[1].write_text(entries[1].read_text().replace('"same": true', '"same": false'))
    entries[2].write_text("[]")
    done = desk.batch()
    assert (done.code, done.summary.counts["skipped"], sum(desk.runs().values())) == (0, 1, 7)
    assert desk.batch().summary.counts["skipped"] == 4


def test_a_job_that_is_not_pure_leaves_the_store_alone(desk: Desk) -> None:
    desk.files(2)
    desk.batch(keep=False)
    desk.batch(keep=False)
    assert desk.runs() == {"00": 2, "01": 2} and not (desk.folder / "store").exists()


def test_a_process_with_other_code_says_so_and_keeps_nothing(desk: Desk) -> None:
    desk.files(1)

    class Editor:
        def map(self, tasks: Any, on_answer: Callable[[Any], None], retries: int) -> None:
            desk.source.write_text(JOBS + "\n# edited while the batch runs\n")
            ProcessPool(1, 60.0).map(tasks, on_answer, retries)

    done = desk.batch(executor=Editor())
    assert done.code == 2 and "do not change code while a batch runs" in done.text
    assert not list((desk.folder / "store").glob("*/*.json")) and desk.runs() == {}


def test_a_file_that_changes_under_the_batch_is_not_kept(desk: Desk) -> None:
    path = desk.file("a", "fine")

    class Rewriter:
        def map(self, tasks: Any, on_answer: Callable[[Any], None], retries: int) -> None:
            from companion.batch.jobs import carry_out

            path.write_text("other now")
            on_answer(carry_out(tasks[0]))

    done = desk.batch(executor=Rewriter())
    assert done.code == 2 and "was changed since the batch began" in done.text
    assert not list((desk.folder / "store").glob("*/*.json"))


def test_a_store_that_is_lost_on_the_way_costs_no_result(desk: Desk) -> None:
    desk.files(2)

    class Cleaner:
        def map(self, tasks: Any, on_answer: Callable[[Any], None], retries: int) -> None:
            shutil.rmtree(desk.folder / "store")
            Inline().map(tasks, on_answer, retries)

    done = desk.batch(executor=Cleaner())
    assert done.code == 0 and "some reports were not kept for the next time" in done.text


def test_the_store_forgets_and_tidies_only_what_is_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.open()
    one, two, key = "1" * 64, "2" * 64, "a" * 64
    store.put(key, one, {"same": True})
    store.put(key, two, {"same": True})
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700
    foreign = tmp_path / "store" / "holidays" / f"{key}.json"
    foreign.parent.mkdir()
    foreign.write_text("{}")
    assert store.forget(one) and not store.forget(one) and store.get(key, one) is None
    later_s = foreign.stat().st_mtime + (KEPT_DAYS + 1) * 86_400
    assert store.tidy(later_s - 2 * 86_400) == 0 and store.tidy(later_s) == 1
    assert store.get(key, two) is None and [p.name for p in store.folder.iterdir()] == ["holidays"]


def test_the_store_lies_beside_the_recordings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path))
    assert default_folder() == tmp_path / "replays"


def test_settings_are_told_apart_by_value_and_type(desk: Desk) -> None:
    texts = {settings_text(desk.job(limit=limit)) for limit in (1, 1.0, "1", True, None, (1, 2), [1, 3], {"a": 1})}
    assert len(texts) == 8
    assert settings_text(desk.job(path=Path("elsewhere"))) == settings_text(desk.job())
    assert settings_text(desk.job(limit={"a": 1, "b": 2})) == settings_text(desk.job(limit={"b": 2, "a": 1}))
    with pytest.raises(RecordingError, match="cannot be compared"):
        settings_text(desk.job(limit=object()))


# ------------------------------------------------------------------------------------------------- several machines


@pytest.mark.dask
@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="needs the extra: pip install 'earshot-companion[dask]'"
)
def test_dask_loses_a_worker_and_no_result(desk: Desk) -> None:
    from companion.batch.dask_engine import Dask

    desk.files(24)
    desk.file("07", "victim")
    desk.file("11", "poison")
    killer = desk.kill_when_told(1)
    workers: list[str] = []
    dask = Dask(3, 60.0, on_start=lambda client: workers.extend(client.scheduler_info()["workers"]))
    done = desk.batch(executor=dask, retries=1)
    killer.join()
    assert len(workers) == 3 and all(address.startswith("tcp://127.0.0.1:") for address in workers)
    assert names(done) == [f"{i:02d}" for i in range(24)], "every result once"
    assert {r.path.stem: r.why for r in done.summary.results if r.status == "failed"} == {
        "11": "its process died: exit code 7"
    }
    runs = desk.runs()
    assert (runs.pop("07"), runs.pop("11")) == (2, 2)
    assert set(runs.values()) == {1}, "what the dead worker had finished lay in the store"
    again = desk.batch(retries=0, executor=ProcessPool(1, 60.0))
    assert again.summary.counts["skipped"] == 23


def test_without_dask_the_way_out_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    desk.files(1)
    with pytest.raises(RecordingError, match=r"pip install 'earshot-companion\[dask\]'.*--engine process"):
        desk.batch(engine="dask")


# ------------------------------------------------------------------------------------------------------ which files


def test_folders_are_searched_and_what_is_being_recorded_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.mcap", "deep/a.mcap", "deep/er/torn.mcap.part", "notes.txt", "c.mcap.damaged"):
        (tmp_path / name).write_text(name)
    (tmp_path / "again.mcap").symlink_to(tmp_path / "b.mcap")
    live = PartFile(tmp_path, "live")
    try:
        found = find_recordings([tmp_path / "deep", tmp_path / "b.mcap", tmp_path])
        assert [str(path.relative_to(tmp_path)) for path in found] == [
            "b.mcap",
            "deep/a.mcap",
            "deep/er/torn.mcap.part",
        ]
        with pytest.raises(RecordingError, match="being recorded right now"):
            find_recordings([live.path])
    finally:
        live.abandon()
    assert find_recordings([tmp_path / "c.mcap.damaged"]), "what is named is meant"
    with pytest.raises(RecordingError, match="is not there"):
        find_recordings([tmp_path / "missing.mcap"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordingError, match="no recordings in"):
        find_recordings([tmp_path / "empty"])


def test_a_file_that_cannot_be_read_is_its_own_trouble(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.files(2)

    def unreadable(path: Path) -> str:
        if path.stem == "00":
            raise PermissionError(13, "Permission denied")
        return sha256_of(path)

    monkeypatch.setattr("companion.batch.find.sha256_of", unreadable)
    done = desk.batch()
    assert done.code == 2 and "00.mcap: cannot be read: Permission denied" in done.text
    assert done.summary.counts["same"] == 1


def test_what_makes_no_sense_is_said_at_once(desk: Desk) -> None:
    desk.files(1)
    with pytest.raises(RecordingError, match="--engine ray: there are process, inline, dask"):
        desk.batch(engine="ray")
    with pytest.raises(RecordingError, match="--jobs -1: at least 0"):
        desk.batch(jobs=-1)
    with pytest.raises(RecordingError, match="names no function"):
        batch([desk.folder / "in"], fn_name="nowhere:to_be_found")
    with pytest.raises(RecordingError, match="a dataclass with a field `path`"):
        batch([desk.folder / "in"], job={"path": 1})


# ----------------------------------------------------------------------------------------------------- real recordings


def retold(folder: Path, name: str, change: str = "") -> Path:
    """The sample's events as another session; `change`: another reason for its first opened turn."""
    sample = Recording(SAMPLE)
    options = RecorderOptions(floor_bytes=0)
    recorder = Recorder(folder, replace(sample.info, session=name), options=options)
    for event in sample.events():
        if isinstance(event, ev.TurnOpened) and change:
            event, change = replace(event, reason=change), ""
        recorder.decision(event) if isinstance(event, ev.Decision) else recorder.happening(event)
    return recorder.close()


def test_real_recordings_are_decided_again(tmp_path: Path) -> None:
    alike = [retold(tmp_path / "in", name) for name in ("a1", "b2")]
    other = retold(tmp_path / "in", "c3", "a reason that nobody had")
    (tmp_path / "in" / "film.mcap").write_bytes(b"\0\0\0\x20ftypisom")
    data = bytearray(alike[0].read_bytes())
    with alike[0].open("rb") as file:
        chunk = next(record for record in walk(file, (Opcode.CHUNK,)) if record.kind == Opcode.CHUNK)
    data[chunk.end - 1] ^= 1  # the first, so that nothing can be trusted
    (tmp_path / "in" / "hurt.mcap").write_bytes(data)
    options = BatchOptions(jobs=2, store=tmp_path / "store")
    done = batch([tmp_path / "in"], ReplayJob(), options=options, stream=io.StringIO())
    assert {r.path: r.status for r in done.summary.results} == {
        alike[0]: "same",
        alike[1]: "same",
        other: "different",
        tmp_path / "in" / "film.mcap": "failed",
        tmp_path / "in" / "hurt.mcap": "failed",
    }
    assert "hurt.mcap holds no session to replay" in done.text
    assert done.code == 2 and "an MP4 video" in done.text and "TurnOpened" in done.text
    assert done.summary.times_real_time > 0
    (tmp_path / "in" / "film.mcap").unlink()
    (tmp_path / "in" / "hurt.mcap").unlink()
    again = batch([tmp_path / "in"], ReplayJob(), options=options, stream=io.StringIO())
    assert (again.code, again.summary.counts["skipped"]) == (1, 3)


def test_the_code_is_one_thing_and_named_functions_add_their_file(desk: Desk) -> None:
    assert code_digest() == code_digest("companion.batch.jobs:replay_file") != code_digest(desk.look)


# ------------------------------------------------------------------------------------------------------- what is said


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_on_a_terminal_and_now_and_then_elsewhere() -> None:
    for stream in (Terminal(), io.StringIO()):
        clock_s = [0.0]
        progress = Progress(8, 800, stream, lambda clock_s=clock_s: clock_s[0])  # type: ignore[misc]
        for i in range(8):
            clock_s[0] += 2.0
            report = {"same": i != 5, "first": "turn 3", "media_s": 60.0}
            progress.add(Result(Path(f"{i}.mcap"), report, skipped=i < 2), 100)
        progress.close()
        said = stream.getvalue()
        assert said.count("\n") == (0 if stream.isatty() else 3), said
        assert "replaying 6/8, 5 same, 1 different, 2 skipped, 20x real time, 6 s left" in said
    assert said.endswith("replayed 8/8, 7 same, 1 different, 2 skipped, 22x real time\n")
    assert [duration(s) for s in (7.6, 200, 7900)] == ["8 s", "3 min", "2 h 12 min"]


def test_a_summary_for_people_programs_and_build_servers() -> None:
    alike = Result(Path("a.mcap"), {"same": True, "media_s": 90.0}, copies=(Path("a2.mcap"),))
    other = Result(Path("b.mcap"), {"same": False, "first": "turn 7: Speak “\x07no”"})
    broken = Result(Path("c.mcap"), None, "its process died: SIGKILL", attempts=3)
    both = Summary([alike, other, broken], 0.5)
    assert (Summary([alike]).code, Summary([alike, other]).code, both.code) == (0, 1, 2)
    assert Summary([alike], unreached=[Path("d.mcap")]).code == 130
    assert both.text().splitlines() == [
        "different, each with its first difference:",
        "  b.mcap: turn 7: Speak “\x07no”",
        "not replayed:",
        "  c.mcap: its process died: SIGKILL (3 attempts)",
        "3 recordings: 1 same, 1 different, 1 failed; 1 more file is a copy; 0.5 s, 180x real time",
    ]
    assert json.loads(json.dumps(both.plain()))["counts"] == both.counts
    suite = ElementTree.fromstring(both.junit())
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }
    assert [case.get("name") for case in suite] == ["a.mcap", "a2.mcap", "b.mcap", "c.mcap"]
