"""Where the repository lies, the program that was built there, and how scripts run it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("AIGIS_PROGRAM", ROOT / "build/aigis"))


def program():
    """Its path. Where nothing is there the script ends, with a message."""
    if not PROGRAM.is_file():
        print(f"{PROGRAM}: is missing; expected the program that scripts/build.sh makes, or its path in AIGIS_PROGRAM", file=sys.stderr)
        sys.exit(2)
    return PROGRAM


def aigis(*arguments):
    """What the program prints. Where it fails the script ends, with its message and its exit code."""
    result = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.stderr.write(result.stderr)
        sys.exit(result.returncode)
    return result.stdout
