"""Where the repository lies, and the program that the scripts run."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("AIGIS_PROGRAM", ROOT / "build/aigis"))
