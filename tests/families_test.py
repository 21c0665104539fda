"""Every family of the list trains, shallow and for a few steps, and what it writes can be attacked; its sizes are shown."""

import json

import pytest

from program import aigis, report

FAMILIES = [family["name"] for family in json.loads(aigis("list", "models", "--json").stdout)]


def train(family, folder, depth):
    return aigis("train", "--model", f"{family}-{depth}", "--data", "synthetic:train=60,test=20", "--epochs", "2", "--batch", "20", "--out", folder)


@pytest.mark.parametrize("family", FAMILIES)
def test_trains_and_is_evaluated(family, tmp_path):
    result = train(family, tmp_path / "run", 8)
    if "expected 3m+4" in result.stderr:
        result = train(family, tmp_path / "run", 10)
    assert result.returncode == 0, result.stderr
    curve = report(tmp_path / "run/train.json")["curve"]
    assert curve[1]["loss"] < curve[0]["loss"]
    evaluated = aigis("evaluate", "--model", tmp_path / "run/model.safetensors", "--data", "synthetic:test=20", "--attack", "pgd:steps=2,stop=false", "--eps", "8/255", "--out", tmp_path / "r.json")
    assert evaluated.returncode == 0, evaluated.stderr
    (run,) = report(tmp_path / "r.json")["runs"]
    assert run["queries"] == {"forward": 40, "backward": 40, "aside": 0, "to_success": None} and not [f for f in run["flags"] if f["level"] == "error"]


def test_every_name_in_the_list_can_be_asked_for():
    for family in json.loads(aigis("list", "models", "--json").stdout):
        for size in family["sizes"]:
            (alone,) = json.loads(aigis("list", "models", size["name"], "--json").stdout)
            assert alone == {**family, "sizes": [size]}
