"""A training that is killed ends at the weights that it would have come to, and with a model wherever it was killed."""

import hashlib
import json
import random

import pytest
import torch
from safetensors.torch import load_file

from killed import killed_when
from program import aigis, report
from reference import read_metadata
from trained import TRAIN, stopped_after_two_epochs, trained  # noqa: F401 (a fixture)

EVERYTHING = ["--average", "0.9", "--mixup", "0.4", "--cutout", "8", "--label-smoothing", "0.1", "--clip-norm", "1",
              "--decay-norms", "false", "--schedule", "cosine"]  # fmt: skip
ADVERSARIAL = ["--adversary", "pgd:steps=1,relative_step_size=1.25", "--adversary-eps", "4/255"]


@pytest.mark.parametrize("options", [[], EVERYTHING, ADVERSARIAL], ids=["defaults", "everything", "adversarial"])
def test_killed_training_ends_at_the_same_weights(options, tmp_path):
    train, state = [*TRAIN, *options], tmp_path / "broken/resume.safetensors"
    assert aigis(*train, "--out", tmp_path / "whole").returncode == 0
    chance, saved = random.Random(2), lambda: state.exists() and state.stat().st_mtime_ns
    for resume in ([], ["--resume"]):
        before = saved()
        killed_when(lambda: saved() != before, chance.uniform(0, 0.05), *train, *resume, "--out", tmp_path / "broken")
    result = aigis(*train, "--resume", "--out", tmp_path / "broken")
    assert result.returncode == 0 and "resumed after epoch" in result.stdout, result.stderr
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "broken"))
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
    last = load_file(state)
    averaged = [name for name in one if f"average.{name}" in last and not torch.equal(last[f"average.{name}"], last[f"model.{name}"])]
    assert bool(averaged) == ("--average" in options)
    kept = "average" if "--average" in options else "model"
    assert all(torch.equal(one[name], last[f"{kept}.{name}"]) for name in one)


@pytest.mark.parametrize("lost", [["model.safetensors", "train.json"], ["train.json"], []], ids=["the first", "between", "a later one"])
def test_a_run_killed_while_it_saved_gets_its_model(lost, trained, tmp_path):
    """The state is written first; model and record are missing, or those of another epoch. No time is left for more epochs."""
    out = stopped_after_two_epochs(trained, tmp_path / "run")
    for name in lost:
        (out / name).unlink()
    result = aigis(*TRAIN, "--resume", "--time-limit", "0.001s", "--out", out)
    assert result.returncode == 1 and "the checkpoint of epoch 2 is kept" in result.stderr, result
    model = out / "model.safetensors"
    assert json.loads(read_metadata(model)["record"])["epochs"] == 2
    record = report(out / "train.json")
    assert len(record["curve"]) == 2 and record["hashes"] == {model.name: hashlib.sha256(model.read_bytes()).hexdigest()}
