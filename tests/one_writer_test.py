"""Two programs never write to one place."""

import time

import pytest

from program import RESNET, refused, start

# Longer than it takes to be refused.
SWEEP = ["sweep", "--model", RESNET, "--data", "synthetic:test=500", "--attack", "pgd:steps=100,stop=false"]
TRAIN = ["train", "--model", "resnet-8", "--data", "synthetic:train=2000", "--epochs", "50"]


@pytest.mark.parametrize("command, begun", [(SWEEP, "out.journal"), (TRAIN, "out")], ids=["sweep", "train"])
def test_two_programs_never_write_to_one_place(command, begun, tmp_path):
    first = start(*command, "--out", tmp_path / "out")
    while first.poll() is None and not (tmp_path / begun).exists():
        time.sleep(0.01)
    assert first.poll() is None
    assert "another aigis is writing there" in refused(*command, "--out", tmp_path / "out")
    first.kill()
    first.wait()
