"""What the comparisons with other tools (bench/peer.py) take for a run's time, and for a ratio."""

import subprocess
import sys
from pathlib import Path

import pytest

from program import ROOT

sys.path.append(str(ROOT / "bench"))
import peer


def test_the_time_to_start_is_that_without_an_attack(monkeypatch):
    ran = []

    def run(_, *arguments):
        flags = dict(zip(arguments[::2], arguments[1::2]))
        ran.append((flags["--attack"], flags["--limit"]))
        Path(flags["--out"]).write_text('{"runs": [{"seconds": 1}]}')

    monkeypatch.setattr(peer, "aigis", run)
    peer.evaluated("--model", "model.safetensors", attack="pgd", images=5)
    assert ran == [("none", 1), ("pgd", 5)]


def test_ratios_are_those_of_each_round(capsys):
    ours, theirs = iter([2.0, 6.0, 9.0]), iter([2.0, 3.0, 3.0])
    peer.compare_in_turns(3, {"aigis": lambda: next(ours)}, lambda: next(theirs))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "round 2, images/s: aigis 6, Python 3"
    assert lines[3] == "ratio aigis / Python: median 2.000, from 1.000 to 3.000"


@pytest.mark.parametrize("script", ["train_step", "attack_step"])
def test_steps_are_timed_with_torch_alone(script):
    """Machines with a GPU may have no more."""
    code = f"import sys; sys.modules.update(numpy=None, safetensors=None); import {script}"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "bench", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
