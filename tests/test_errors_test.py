"""The table of test errors over seeds, from runs as training and evaluating leave them."""

import json
import shutil
import subprocess
import sys

import pytest

from program import AIG, ROOT, aigis, report


def halved(document):
    document["runs"][0]["accuracy"]["clean"]["value"] = document["runs"][0]["gates"]["before"]["mean"] = 0.5


@pytest.fixture
def runs(tmp_path):
    folders = [tmp_path / "aig-8-1", tmp_path / "aig-8-2"]
    for folder in folders:
        folder.mkdir()
        shutil.copy(AIG.replace(".safetensors", ".train.json"), folder / "train.json")
        result = aigis("evaluate", "--model", f"{AIG}:gates=sampled", "--model", f"{AIG}:gates=scaled", "--attack", "none",
                       "--eps", 0, "--data", "synthetic:test=50", "--out", folder / "test.json")
        assert result.returncode == 0, result.stderr
    for name, change in (("test.json", halved),
                         ("train.json", lambda document: document["curve"].pop())):
        document = report(folders[1] / name)
        change(document)
        (folders[1] / name).write_text(json.dumps(document))
    return folders


def test_mean_and_range_of_each_way_of_deciding(runs):
    table = subprocess.run([sys.executable, ROOT / "scripts/test_errors.py", *runs], capture_output=True, text=True, check=True)
    sampled, scaled = [row.strip("| ").split(" | ") for row in table.stdout.splitlines()[2:]]
    of_first, of_second = report(runs[0] / "test.json")["runs"]
    first, second = [100 * (1 - run["accuracy"]["clean"]["value"]) for run in (of_first, of_second)]
    layers = 100 * of_first["gates"]["before"]["mean"]
    epochs = report(runs[0] / "train.json")["config"]["epochs"]
    trained = f"{epochs} of {epochs}, {epochs - 1} of {epochs}"
    name = str(runs[0]).removesuffix("-1")
    assert sampled == [name, "sampled", "2", trained, f"{(first + 50) / 2:.2f}", f"{first:.2f} to 50.00",
                       f"{(layers + 50) / 2:.2f}", f"50.00 to {layers:.2f}"]
    assert scaled == [name, "scaled", "2", trained, f"{second:.2f}", f"{second:.2f} to {second:.2f}", "100.00", "100.00 to 100.00"]
