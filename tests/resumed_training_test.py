"""What a training may go on with: its own settings and data, on another device or in another precision if need be."""

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from program import AIG, RESNET, aigis, refused, report
from trained import SAME, TRAIN, stopped_after_two_epochs, trained  # noqa: F401 (a fixture)


def test_resuming_needs_the_same_settings(trained, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(trained, out)
    before = (out / "model.safetensors").read_bytes()
    longer = [{"4": "5"}.get(word, word) for word in TRAIN]
    assert "already holds a training run" in refused(*longer, "--out", out)
    assert "epochs = 4, now 5" in refused(*longer, "--resume", "--out", out)
    other = [{"synthetic:train=200": "synthetic:train=200,seed=2"}.get(word, word) for word in TRAIN]
    assert "sha256" in refused(*other, "--resume", "--out", out)
    assert (out / "model.safetensors").read_bytes() == before


def without_recordings(config):
    return {key: value for key, value in config.items() if key != "cuda_graph"}


@pytest.mark.parametrize("change", [lambda config: config | {"cuda_graph": True}, without_recordings], ids=["recorded", "of an earlier version"])
def test_resuming_needs_no_recordings(change, trained, tmp_path):
    """Steps recorded as CUDA graphs learn what the steps themselves do: their run goes on without."""
    out = stopped_after_two_epochs(trained, tmp_path / "run", change=change)
    result = aigis(*TRAIN, "--resume", "--out", out)
    assert result.returncode == 0 and "resumed after epoch 2 of 4" in result.stdout, result.stderr
    assert report(out / "train.json")["config"]["cuda_graph"] is False


@pytest.mark.parametrize("record, warning", [
    ({"device": "cuda:0", "precision": "bfloat16"}, "epoch 2 ran on cuda:0 in bfloat16, the next will on cpu in float32"),
    ({"device": "cpu", "precision": "bfloat16"}, "epoch 2 ran on cpu in bfloat16, the next will on cpu in float32"),
    (SAME, None),
    ({}, None),  # as earlier versions wrote it
], ids=["device", "precision", "same", "unknown"])  # fmt: skip
def test_a_run_that_goes_on_elsewhere_says_so(record, warning, trained, tmp_path):
    out = stopped_after_two_epochs(trained, tmp_path / "run", record)
    result = aigis(*TRAIN, "--resume", "--out", out)
    assert result.returncode == 0, result.stderr
    assert (f"warning: {warning}" in result.stderr) if warning else ("warning" not in result.stderr)
    rows = report(out / "train.json")["curve"]
    told = [{key: row[key] for key in SAME if key in row} for row in rows]
    assert told == [SAME, record, SAME, SAME]


def test_training_starts_from_a_checkpoint(tmp_path):
    """With a vanishing learning rate the weights stay those of --init; the same run from fresh weights would not."""
    small = [*TRAIN[:5], "--epochs", "1", "--learning-rate", "1e-8", "--weight-decay", "0", "--precision", "float32"]
    result = aigis(*small, "--init", AIG, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    before, after = load_file(AIG), load_file(tmp_path / "run/model.safetensors")
    for name in before:
        if "running" not in name:
            assert torch.allclose(before[name], after[name], atol=1e-5), name
    assert report(tmp_path / "run/train.json")["config"]["init_sha256"] == hashlib.sha256(Path(AIG).read_bytes()).hexdigest()
    assert aigis(*small, "--resume", "--out", tmp_path / "run").returncode == 0  # its start is behind it
    assert "init_sha256" in refused(*small, "--resume", "--init", RESNET, "--out", tmp_path / "run")
    assert "expected the weights of aig-8" in refused(*small, "--init", RESNET, "--out", tmp_path / "other")
    assert "cannot be read" in refused(*small, "--init", tmp_path / "absent.safetensors", "--out", tmp_path / "other")
    assert not (tmp_path / "other").exists()
