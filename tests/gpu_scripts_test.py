"""The scripts of scripts/gpu, with a program in aigis' place that ends as it is told."""

import os
import re
import subprocess
import sys

import pytest

from program import ROOT


def test_what_needs_a_gpu_says_cuda():
    """By this word 2-tests.sh finds it."""
    asking = set()
    for path in (ROOT / "tests").glob("*_test.cpp"):
        for unit in re.split(r"^(?=\S.*\{)", path.read_text(), flags=re.MULTILINE):
            if "hasCUDA()" in unit:
                asking.add(unit.partition("\n")[0])
    assert "class RecordedOnCuda : public Recorded {" in asking
    assert [head for head in asking if "Cuda" not in head] == []


@pytest.fixture
def train(tmp_path):
    """Runs 3-train.sh over models, of which aigis ends at once with the exit code that their name has, if it has any."""
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    (tmp_path / "build-gpu").mkdir()
    program = tmp_path / "build-gpu/aigis"
    program.write_text(STAND_IN)
    program.chmod(0o755)

    def run(*models):
        environment = {**os.environ, "MODELS": " ".join(models), "SEEDS": "1", "DEVICE": "cpu"}
        return subprocess.run([tmp_path / "scripts/gpu/3-train.sh"], env=environment, capture_output=True, text=True)

    return run


STAND_IN = f"""#!{sys.executable}
import json, re, sys
from pathlib import Path

command, *words = sys.argv[1:]
out = Path(words[words.index("--out") + 1])
if command == "train":
    code = re.search(r"exit-(\\d+)", words[0])
    if code:
        sys.exit(int(code.group(1)))
    out.mkdir(exist_ok=True)
    (out / "train.json").write_text('{{"curve": [1], "config": {{"epochs": 1}}}}')
    (out / "model.safetensors").write_text("float32")
elif command == "export":
    if out.exists():
        sys.exit(2)
    out.write_text(Path(words[0]).read_text() + " as " + words[words.index("--precision") + 1])
else:
    (model,) = [words[i + 1] for i, word in enumerate(words) if word == "--model"]
    assert Path(model).read_text() == "float32 as float16", "judged is what is taken away"
    run = {{"model": model, "accuracy": {{"clean": {{"value": 0.75}}}}, "gates": None}}
    out.write_text(json.dumps({{"models": [{{"id": model, "gates": {{"mode": "none"}}}}], "runs": [run]}}))
"""


def trained(table):
    return re.findall(r"runs/gpu/(\S+) \| none \| 1 \| 1 of 1 \| 25.00 \| 25.00 to 25.00 \| 100.00 \| 100.00 to 100.00 \|", table)


@pytest.mark.parametrize("code", [1, 2])
def test_a_model_that_fails_gives_way_to_the_next(code, train):
    result = train("first", f"exit-{code}", "last")
    assert result.returncode == 1 and trained(result.stdout) == ["first", "last"], result
    assert result.stderr == f"3-train: failed, for the reasons above: exit-{code}-1\n"


@pytest.mark.parametrize("code", [130, 143])
def test_an_interrupt_ends_with_the_table_of_what_was_judged(code, train, tmp_path):
    result = train("first", "exit-2", f"exit-{code}", "last")
    assert result.returncode == code and trained(result.stdout) == ["first"], result
    assert result.stderr == "3-train: failed, for the reasons above: exit-2-1\n"
    assert (tmp_path / "runs/gpu/test-errors.txt").read_text() == result.stdout


def test_nothing_judged_is_no_table(train):
    result = train("exit-2")
    assert (result.returncode, result.stdout) == (1, "")


def test_what_is_taken_away_is_as_new_as_the_model(train, tmp_path):
    half = tmp_path / "runs/gpu/first-1/half.safetensors"
    assert train("first").returncode == 0
    half.write_text("of fewer epochs")
    assert train("first").returncode == 0
    assert half.read_text() == "float32 as float16"
