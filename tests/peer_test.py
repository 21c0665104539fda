"""What the comparisons with other tools (bench/peer.py) take for a run's time, and for a ratio."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from program import ROOT

sys.path.append(str(ROOT / "bench"))
import autoattack
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


def test_aigis_gets_the_part_that_the_peer_got(monkeypatch, tmp_path):
    """Of images that differ, each of them."""
    (tmp_path / "test_batch.bin").write_bytes(b"".join(bytes([i % 10]) + bytes([i % 251]) * 3072 for i in range(600)))
    images, labels = peer.cifar(tmp_path, 600)

    def evaluated(*arguments, attack, images, examples):
        flags = dict(zip(arguments[::2], arguments[1::2]))
        given.append(peer.cifar(flags["--data"].removeprefix("cifar10:"), 600))
        assert examples == images == 100
        return {}, {"0.hits": torch.ones(images)}, 2.0

    given = []
    monkeypatch.setattr(autoattack, "evaluated", evaluated)
    arguments = argparse.Namespace(model="model.safetensors", norm="linf", eps="1/255", cifar10=tmp_path)
    assert autoattack.ours(arguments, 0, "fp32", 500, 100) == ([1] * 100, 2.0)
    (there, answers), = given
    assert len(there) == 600, "aigis takes whole files only"
    assert torch.equal(there[:100], images[500:]) and torch.equal(answers[:100], labels[500:])


def test_speed_is_that_of_all_images_and_of_each_part():
    ours, theirs = [([1, 0], 1.0), ([1, 1], 3.0)], [([1, 1], 2.0), ([1, 1], 3.0)]
    assert autoattack.differing(ours, theirs) == 1
    assert autoattack.speed(ours, theirs) == "1.25 times as fast, 1.00 to 2.00 from part to part"


@pytest.mark.parametrize("script", ["train_step", "attack_step"])
def test_steps_are_timed_with_torch_alone(script):
    """Machines with a GPU may have no more."""
    code = f"import sys; sys.modules.update(numpy=None, safetensors=None); import {script}"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "bench", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
