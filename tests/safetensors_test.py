"""Checkpoints are read by the format's own package, and what that package writes is read here."""

import json

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from program import AIG, RESNET, aigis, refused
from reference import read_metadata


@pytest.mark.parametrize("path, parameters", [(RESNET, None), (AIG, None)])
def test_the_package_reads_our_files(path, parameters):
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        names = set(file.keys())
    assert metadata["format"] == "aigis-checkpoint 1"
    record = json.loads(metadata["record"])
    assert record["data"] == "synthetic" and record["epochs"] > 0
    assert {"conv1.weight", "normalize.mean", "fc.bias"} <= names
    assert ("layer1.0.gate.fc1.weight" in names) == (path == AIG)


def test_we_read_the_packages_files(tmp_path):
    state = load_file(AIG)
    again = tmp_path / "again.safetensors"
    save_file(dict(reversed(state.items())), again, metadata=read_metadata(AIG))
    ours = aigis("inspect", AIG, "--data", "synthetic:test=200").stdout
    theirs = aigis("inspect", again, "--data", "synthetic:test=200").stdout
    accuracy = lambda text: next(line for line in text.splitlines() if "accuracy" in line)
    assert accuracy(ours) == accuracy(theirs)


def test_mismatched_states_are_refused(tmp_path):
    path = tmp_path / "bad.safetensors"
    state, metadata = load_file(RESNET), read_metadata(RESNET)
    save_file({k: v for k, v in state.items() if k != "fc.bias"}, path, metadata=metadata)
    assert "tensor 'fc.bias' is missing" in refused("inspect", path)
    save_file(dict(state, extra=state["fc.bias"].clone()), path, metadata=metadata)
    assert "tensor 'extra' does not belong to resnet-8" in refused("inspect", path)
    save_file(dict(state, **{"fc.bias": state["fc.bias"][:5].clone()}), path, metadata=metadata)
    assert "tensor 'fc.bias' has shape 5; resnet-8 expects 10" in refused("inspect", path)
    save_file(dict(state, **{"fc.bias": state["fc.bias"] * float("nan")}), path, metadata=metadata)
    assert "tensor 'fc.bias' holds NaN" in refused("inspect", path)
    save_file(state, path, metadata=dict(metadata, architecture="aig-8"))
    assert "is missing; expected the weights of aig-8" in refused("inspect", path)
    save_file(state, path)
    assert "metadata lacks" in refused("inspect", path)
