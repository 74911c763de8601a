"""Glasses that do not exist: scenes played over the real wire, and judged by what came back to the ear."""

import os

# The simulator runs beside what it measures. OpenBLAS' idle threads spin: left alone they cost five times the work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
