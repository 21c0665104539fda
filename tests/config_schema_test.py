"""Configs satisfy the schemas they name, and the schemas know exactly the words of the program."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from program import ROOT, aigis

CONFIGS = [p for p in sorted((ROOT / "configs").rglob("*.json")) if p.parent.name != "schema"]


def read(path):
    return json.loads(re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.name)
def test_configs_satisfy_the_schema_they_name(path):
    config = read(path)
    jsonschema.validate(config, read(path.parent / config["$schema"]), jsonschema.Draft7Validator)


@pytest.mark.parametrize("path", [p for p in CONFIGS if p.parent.name == "paper"], ids=lambda p: p.name)
def test_recipes_of_the_paper_train_the_original_networks(path):
    config = read(path)
    original = "stride_at=conv1" if path.name.startswith("imagenet") else "shortcut=identity"
    assert original in config["model"] or config["model"] == "preresnet-110"  # which has one kind of shortcut
    shared = {"batch": 256, "learning_rate": 0.1, "schedule": "step", "momentum": 0.9, "nesterov": False, "precision": "float32"}
    of_table = (
        {"epochs": 100, "milestones": "30:60:90", "weight_decay": 1e-4, "crop": "resized"}
        if path.name.startswith("imagenet")
        else {"epochs": 350, "milestones": "150:250", "weight_decay": 5e-4}
    )
    free = {"$schema", "model", "data", "seed"}
    assert {key: value for key, value in config.items() if key not in free} == shared | of_table


RATES = {
    "cifar10-aig-110": "target_rate=0.7",
    "imagenet-aig-50": "target_rate=0.7",
    "imagenet-aig-101": "target_rates=" + ":".join(["1"] * 8 + ["0.5"] * 25),
}


@pytest.mark.parametrize("name", RATES)
def test_gates_of_the_paper_are_trained_towards_its_rates(name):
    options = read(ROOT / f"configs/train/paper/{name}.json")["model"].split(":", 1)[1].split(",")
    assert {RATES[name], "rate_loss=sum", "rate_weight=1", "gate_norm=false"} <= set(options)


def test_images_are_transferred_between_all_models_whose_robustness_is_explained():
    explained, transfer = (read(ROOT / f"configs/sweep/{name}.json") for name in ["where-robustness-comes-from", "transfer"])
    assert transfer["model"] == explained["model"]
    assert transfer["access"] == ["white-box"] + ["transfer:" + model for model in explained["model"]]


@pytest.mark.parametrize("command", ["sweep", "train"])
def test_schemas_have_the_words_of_the_flags_and_say_the_same_of_them(command):
    schema = read(ROOT / f"configs/schema/{command}.schema.json")
    described = {word: value["description"] for word, value in schema["properties"].items() if word != "$schema"}
    flags = re.findall(r"^  --([a-z-]+) TEXT(?:=\S*)?\s+(\S.*)$", aigis(command, "--help").stdout, re.MULTILINE)
    assert described == {flag.replace("-", "_"): text for flag, text in flags}
