"""One recording -> one HTML file that shows and plays the whole session and needs nothing else."""

from __future__ import annotations

from pathlib import Path


def write_page(recording: Path, out: Path) -> Path:
    """Being built."""
    out.write_text(f"<!doctype html><title>{recording.name}</title>")
    return out
