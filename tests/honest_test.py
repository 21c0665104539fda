"""An honest PGD passes all checks, on an honest ResNet and on one of adversarial training, whatever its seed."""

import os
import subprocess
import sys

import pytest

from program import PROGRAM, RESNET, ROOT
import check_honest  # of scripts/, which program adds to the path

ROBUST = str(ROOT / "models/synthetic-resnet-8-robust.safetensors")


@pytest.mark.parametrize("level", ["undecided", "absent", "warning"])
def test_a_check_that_applies_must_pass(level):
    levels = dict.fromkeys(check_honest.APPLY, "passed")
    assert check_honest.failures(levels | {"transfer": "undecided"}) == {}
    levels.pop("noise") if level == "absent" else levels.update(noise=level)
    assert check_honest.failures(levels) == {"noise": level}
    assert check_honest.failures(dict.fromkeys(check_honest.APPLY, "passed") | {"transfer": "warning"}) == {"transfer": "warning"}


def test_honest_attacks_pass():
    result = subprocess.run([sys.executable, ROOT / "scripts/check_honest.py", "synthetic:test=24", "--limit", "24", "--seeds", "20",
                             "--models", f"{RESNET}:2/255", f"{ROBUST}:6/255"],
                            capture_output=True, text=True, env={**os.environ, "AIGIS_PROGRAM": str(PROGRAM)})
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
