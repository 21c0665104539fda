"""A small training, and what is left of it where it was cut off."""

import json
import shutil

import pytest
from safetensors.torch import load_file, save_file

from program import aigis
from reference import read_metadata

TRAIN = ["train", "--model", "aig-8", "--data", "synthetic:train=200", "--epochs", "4", "--batch", "32", "--precision", "float32"]
SAME = {"device": "cpu", "precision": "float32"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a whole run."""
    out = tmp_path_factory.mktemp("trained") / "run"
    result = aigis(*TRAIN, "--out", out)
    assert result.returncode == 0, result.stderr
    return out


def stopped_after_two_epochs(trained, out, record=SAME, change=lambda config: config):
    """A copy of a whole run as if it had stopped after two epochs, whose last row says `record` of its arithmetic."""
    shutil.copytree(trained, out)
    state = out / "resume.safetensors"
    metadata = read_metadata(state)
    curve = json.loads(metadata["curve"])[:2]
    curve[-1] = {key: value for key, value in curve[-1].items() if key not in SAME} | record
    config = change(json.loads(metadata["config"]))
    save_file(load_file(state), state, metadata | {"curve": json.dumps(curve), "config": json.dumps(config)})
    return out
