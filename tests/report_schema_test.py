"""Schemas and samples, judged by a validator that is not the program's."""

import json
import pathlib
import subprocess
import sys

import jsonschema
import pytest

from program import text_hash

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sample(folder, *arguments):
    path = folder / "sample.json"
    subprocess.run([sys.executable, ROOT / "tests/golden/make_sample_report.py", path, *arguments], check=True)
    return json.loads(path.read_text())


def validator(name):
    schema = json.loads((ROOT / f"reports/schema/{name}.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize("schema, arguments", [
    ("report", []), ("report", ["--epsilons", ""]), ("report", ["--layers", "54", "--epsilons", "8"]),
    ("train", ["--train"]), ("train", ["--train", "--layers", "0"]), ("inspect", ["--inspect"]),
    ("inspect", ["--inspect", "--layers", "54"])])
def test_samples_satisfy_their_schema(tmp_path, schema, arguments):
    validator(schema).validate(sample(tmp_path, *arguments))


def test_the_sample_tells_the_hash_of_its_text(tmp_path):
    said = sample(tmp_path)["text_sha256"]
    assert text_hash((tmp_path / "sample.json").read_text()) == said


def required_paths(schema, node, path=()):
    """Every key that the schema requires, as a path into a report; 0 stands for the first item of an array."""
    if "$ref" in node:
        node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
    for key in node.get("required", []):
        yield path + (key,)
    for key, child in node.get("properties", {}).items():
        yield from required_paths(schema, child, path + (key,))
    if "items" in node:
        yield from required_paths(schema, node["items"], path + (0,))


def of_first_items(value):
    """A report of which every array of objects holds the first alone, so that it is judged quickly."""
    if isinstance(value, dict):
        return {key: of_first_items(child) for key, child in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [of_first_items(value[0])]
    return value


@pytest.mark.parametrize("name, arguments", [
    ("report", ["--attacks", "pgd"]), ("train", ["--train"]), ("inspect", ["--inspect"])])
def test_no_required_key_may_be_left_out(tmp_path, name, arguments):
    judge = validator(name)
    report = sample(tmp_path, *arguments)
    if name == "report":  # put what every key needs to be reached into the first run
        report["runs"].insert(0, next(run for run in report["runs"] if run["flags"] and run["macs"]["spread"]))
        report["models"].insert(0, report["models"][-1])
        report["runs"][0]["examples"] = {"file": "a.safetensors", "sha256": "0" * 64, "count": 1, "dtype": "uint8"}
        report["runs"][0]["stages"] = [{"attack": "apgd-ce", "tried": 9, "broken": 4}]
        report["surrogates"] = [{"id": "a.safetensors", "checkpoint": {"file": "a.safetensors", "sha256": "0" * 64}}]
    if name == "inspect":
        report["models"].reverse()
    report = of_first_items(report)
    judge.validate(report)
    paths = set(required_paths(judge.schema, judge.schema))
    assert len(paths) > 40
    for *path, last in paths:
        holder = report
        for key in path:
            holder = holder[key]
        left_out = holder.pop(last)
        assert not judge.is_valid(report), (*path, last)
        holder[last] = left_out
