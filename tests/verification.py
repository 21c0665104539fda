"""A small report, changed and verified."""

import hashlib
import json

import numpy as np
import pytest
from safetensors.torch import save_file

from intervals import wilson
from program import AIG, RESNET, aigis, as_if_written, report


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A report of little work, to be changed and verified often."""
    folder = tmp_path_factory.mktemp("small")
    result = aigis("sweep", "--model", RESNET, "--model", f"{AIG}:gates=sampled,draws=2", "--data", "synthetic:test=20", "--eps",
                   "0,8/255", "--seed", 4, "--defense", "jpeg:quality=75", "--access", "white-box,grey-box", "--save-examples", 20,
                   "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    return folder, report(folder / "r.json")


def verify_text(folder, text):
    (folder / "changed.json").write_text(text)
    return aigis("verify", folder / "changed.json", "--data", "synthetic:test=20")


def verify(folder, document):
    return verify_text(folder, as_if_written(document))


def with_images(folder, document, saved):
    """The report, if it had been written with these images."""
    save_file(saved, folder / "other.safetensors")
    changed = json.loads(json.dumps(document))
    for run in changed["runs"]:
        run["examples"] |= {"file": "other.safetensors", "sha256": hashlib.sha256((folder / "other.safetensors").read_bytes()).hexdigest()}
    return changed


def with_successes(document, run, accuracy, successes):
    """The report, if it had counted so many successes."""
    changed = json.loads(json.dumps(document))
    said = changed["runs"][run]["accuracy"][accuracy]
    trials = said["trials"]
    said |= {"value": successes / trials, "successes": successes, "ci95": list(np.clip(wilson(successes, trials), 0, 1))}
    return changed


def refusal_of(result):
    """The one line of a verification that failed before anything was judged again."""
    line, = result.stderr.splitlines()
    return line
