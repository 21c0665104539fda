"""What the comparisons with other tools (bench/peer.py) take for a run's time."""

import sys
from pathlib import Path

from program import ROOT

sys.path.append(str(ROOT / "bench"))
import peer


def test_the_time_to_start_is_that_without_an_attack(monkeypatch):
    ran = []

    def run(arguments, **_):
        flags = dict(zip(arguments[2::2], arguments[3::2]))
        ran.append((flags["--attack"], flags["--limit"]))
        Path(flags["--out"]).write_text('{"runs": [{"seconds": 1}]}')

    monkeypatch.setattr(peer.subprocess, "run", run)
    peer.evaluated("--model", "model.safetensors", attack="pgd", images=5)
    assert ran == [("none", "1"), ("pgd", "5")]
