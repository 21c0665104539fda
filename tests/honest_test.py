"""An honest PGD raises no check, neither on an honest ResNet nor on one of adversarial training, whatever its seed."""

import os
import subprocess
import sys

from program import PROGRAM, RESNET, ROOT

ROBUST = str(ROOT / "models/synthetic-resnet-8-robust.safetensors")


def test_honest_attacks_raise_none():
    result = subprocess.run([sys.executable, ROOT / "scripts/check_honest.py", "synthetic", "--limit", "24", "--seeds", "20",
                             "--models", f"{RESNET}:2/255", f"{ROBUST}:6/255"],
                            capture_output=True, text=True, env={**os.environ, "AIGIS_PROGRAM": str(PROGRAM)})
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
