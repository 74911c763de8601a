"""Scripted scenes for `tests.bench.bench_frames`: a world to look around in, and heads that do."""
