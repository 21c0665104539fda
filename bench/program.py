"""Where the program lies that the benchmarks run."""

import os
from pathlib import Path

PROGRAM = Path(os.environ.get("AIGIS_PROGRAM", Path(__file__).resolve().parent.parent / "build/aigis"))
