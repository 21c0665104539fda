"""Committed checkpoints are as accurate on held-out images as their records say."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from program import PROGRAM, ROOT

RECORDS = sorted((ROOT / "models").glob("*.train.json"))
LIMIT = 300


def check(*arguments):
    return subprocess.run([sys.executable, ROOT / "scripts/check_models.py", *map(str, arguments)], capture_output=True,
                          text=True, env=dict(os.environ, AIGIS_PROGRAM=PROGRAM))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name.removesuffix(".train.json"))
def test_accuracy_is_the_recorded_one(record):
    if json.loads(record.read_text())["data"]["name"] == "synthetic":
        result = check(record)
    elif "AIGIS_DATA" in os.environ:
        result = check("--cifar10", Path(os.environ["AIGIS_DATA"]) / "cifar-10-batches-bin", "--limit", LIMIT, record)
    else:
        pytest.skip("AIGIS_DATA does not name a folder with cifar-10-batches-bin")
    assert result.returncode == 0, result.stderr
    rows = result.stdout.splitlines()[2:]
    assert rows and all("as recorded" in row for row in rows)


def changed(folder, change):
    """A copy of a checkpoint with another record."""
    source = ROOT / "models/synthetic-resnet-8.safetensors"
    shutil.copy(source, folder)
    record = json.loads(source.with_name("synthetic-resnet-8.train.json").read_text())
    change(record)
    path = folder / "synthetic-resnet-8.train.json"
    path.write_text(json.dumps(record))
    return path


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda record: record["final"]["held_out"]["none"].update(value=0.98), "gates=none: 0.98"),
        (lambda record: record["hashes"].update({"model.safetensors": "0" * 64}), "is another file"),
        (lambda record: record["data"].update(held_out_sha256="0" * 64), "was judged on other images"),
    ],
    ids=["accuracy", "file", "images"],
)
def test_what_is_not_as_recorded_fails(tmp_path, change, reason):
    result = check(changed(tmp_path, change))
    assert result.returncode == 1
    assert reason in result.stderr
