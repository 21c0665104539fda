"""Checkpoints are read by the format's own package, and what that package writes is read here."""

import json
from pathlib import Path

import pytest
import torch
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


def exported(source, out, *flags):
    result = aigis("export", source, "--out", out, *flags)
    assert result.returncode == 0, result.stderr
    return out


@pytest.mark.parametrize("source", [RESNET, AIG])
def test_half_precision(source, tmp_path):
    half = exported(source, tmp_path / "half.safetensors", "--precision", "float16")
    before, after = load_file(source), load_file(half)
    assert half.stat().st_size < 0.54 * Path(source).stat().st_size
    assert read_metadata(half) == read_metadata(source)
    assert list(after) == list(before)
    for name, tensor in before.items():
        is_statistic = "running_" in name or name.startswith("normalize.")
        assert torch.equal(after[name], tensor if is_statistic else tensor.half()), name
        assert after[name].dtype == (torch.float32 if is_statistic else torch.float16)

    option = ":gates=always" if source == AIG else ""
    whole, small = (torch.jit.load(exported(f"{path}{option}", tmp_path / f"{i}.pt")) for i, path in enumerate((source, half)))
    torch.manual_seed(1)
    images = torch.rand(50, 3, 32, 32)
    expected, given = whole(images), small(images)
    assert not torch.equal(given, expected)
    assert (given - expected).abs().max() < 0.01 * expected.abs().max()

    again = load_file(exported(half, tmp_path / "again.safetensors"))
    assert all(tensor.dtype == torch.float32 and torch.equal(tensor, after[name].float()) for name, tensor in again.items())


def test_half_precision_is_refused_where_it_would_lose_something(tmp_path):
    half = tmp_path / "half.safetensors"
    flags = ("--precision", "float16", "--out", half)
    assert "keeps no options of inference" in refused("export", f"{AIG}:gates=argmax", *flags)
    assert "a TorchScript file holds float32" in refused("export", RESNET, "--precision", "float16", "--out", tmp_path / "net.pt")
    assert "'half' is not one of float32, float16" in refused("export", RESNET, "--precision", "half", "--out", half)
    large = tmp_path / "large.safetensors"
    state = load_file(RESNET)
    save_file(dict(state, **{"fc.bias": state["fc.bias"] + 1e5}), large, metadata=read_metadata(RESNET))
    assert "tensor 'fc.bias' holds values too large" in refused("export", large, *flags)
    assert not half.exists()
    written = large.read_bytes()
    assert "exists already" in refused("export", RESNET, "--precision", "float16", "--out", large)
    assert large.read_bytes() == written


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
