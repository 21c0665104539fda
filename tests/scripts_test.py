"""Scripts refuse what they cannot work on in words, and pass on the program's own."""

import contextlib
import io
import runpy
import subprocess
import sys
from unittest import mock

import pytest

from program import RESNET, ROOT
import built  # of scripts/, which program adds to the path

NOTHING_GIVEN = ["bench/autoattack.py", "bench/checks.py", "bench/peers.py", "scripts/check_attacks.py", "scripts/check_honest.py",
                 "scripts/count_tests.py", "scripts/family_table.py", "scripts/fgsm_table.py", "scripts/gate_table.py",
                 "scripts/study_table.py", "scripts/test_errors.py", "scripts/train_each.py"]
NOWHERE = [
    ("scripts/check_attacks.py", "nowhere.json", "nowhere"),
    ("scripts/check_models.py", "nowhere.train.json"),
    ("scripts/check_models.py", "--cifar10", "nowhere"),
    ("scripts/count_tests.py", "nowhere.xml", "nowhere"),
    ("scripts/family_table.py", "nowhere.json"),
    ("scripts/fgsm_table.py", "nowhere.json"),
    ("scripts/gate_table.py", "nowhere.json"),
    ("scripts/study_table.py", "nowhere.json"),
    ("scripts/test_errors.py", "nowhere-1"),
    ("scripts/train_each.py", "nowhere", "nowhere"),
    ("bench/inference.py", "resnet-50", "1", "nowhere"),
    ("bench/autoattack.py", "nowhere.safetensors:gates=argmax"),
    ("bench/autoattack.py", "--state", "nowhere/state.json"),
    ("bench/peers.py", "nowhere.safetensors"),
    ("bench/peers.py", RESNET, "nowhere"),
]
COUNT, BUDGET = "a whole number, at least 1", "a number above 0, such as 8/255"
WRONG_NUMBERS = [  # with what is expected of the last argument
    ("bench/autoattack.py", "--eps", "foo", BUDGET),
    ("bench/autoattack.py", "--eps", "1/0", BUDGET),
    ("bench/autoattack.py", "--images", "0", COUNT),
    ("bench/autoattack.py", "--seeds", "0,x", "whole numbers with commas between them, such as 0,1"),
    ("bench/attack_step.py", "0", COUNT),
    ("bench/checks.py", "--limit", "0", COUNT),
    ("bench/checks.py", "--rounds", "-1", COUNT),
    ("bench/inference.py", "resnet-8", "0", COUNT),
    ("bench/peers.py", "--eps", "0", BUDGET),
    ("bench/peers.py", "--images", "1.5", COUNT),
    ("bench/peers.py", "--rounds", "0", COUNT),
    ("bench/peers.py", "--steps", "-1", COUNT),
    ("bench/train_step.py", "--batch", "many", COUNT),
    ("scripts/check_honest.py", "--limit", "0", COUNT),
    ("scripts/check_models.py", "--limit", "-1", COUNT),
    ("scripts/gate_table.py", str(ROOT / "reports/results/gates-patches/report.json"), "1", "a number from 0 to 0"),
    ("scripts/check_honest.py", "--seeds", "0", COUNT),
]


def refusal(script, *arguments):
    """The last line of an exit with code 2, in this process: several scripts take seconds to load torch."""
    path, said = ROOT / script, io.StringIO()
    with (mock.patch.object(sys, "argv", [script, *map(str, arguments)]), mock.patch.object(sys, "path", [str(path.parent), *sys.path]),
          contextlib.redirect_stderr(said), pytest.raises(SystemExit) as stopped):  # fmt: skip
        runpy.run_path(str(path), run_name="__main__")
    assert stopped.value.code == 2, said.getvalue()
    return said.getvalue().strip().splitlines()[-1]


@pytest.mark.parametrize("script", NOTHING_GIVEN)
def test_arguments_that_are_missing_are_named(script):
    """In a process of its own, where it must find what it imports."""
    result = subprocess.run([sys.executable, ROOT / script], capture_output=True, text=True)
    assert result.returncode == 2 and "the following arguments are required" in result.stderr, result


@pytest.mark.parametrize("script", NOWHERE, ids=" ".join)
def test_what_is_not_there_is_named(script):
    assert "'nowhere" in refusal(*script)


def test_files_of_another_kind_are_refused(tmp_path):
    broken, other = tmp_path / "broken.json", tmp_path / "other.json"
    broken.write_text("{")
    other.write_text('{"schema": "aigis-train"}')
    assert f"'{broken}' is no JSON" in refusal("scripts/gate_table.py", broken)
    assert 'expected a file with "schema": "aigis-report"' in refusal("scripts/gate_table.py", other)
    assert "expected a folder with train.json and test.json" in refusal("scripts/test_errors.py", tmp_path)


def test_networks_and_budgets_are_checked(tmp_path):
    for name in ("data_batch_1.bin", "train", "val"):
        (tmp_path / name).mkdir()
    assert "'resnet-7'; expected one of resnet-110" in refusal("scripts/train_each.py", tmp_path, tmp_path, "resnet-7")
    assert "expected FILE:EPS" in refusal("scripts/check_honest.py", "synthetic", "--models", "8/255")
    assert "'resnet-7'; expected one of resnet" in refusal("bench/inference.py", "resnet-7")
    assert "resnet-50 needs IMAGES" in refusal("bench/inference.py", "resnet-50")
    assert "IMAGES are for networks of 224x224" in refusal("bench/inference.py", "resnet-8", "1", tmp_path)


@pytest.mark.parametrize("row", WRONG_NUMBERS, ids=" ".join)
def test_numbers_are_checked(row):
    *command, expected = row
    assert f"'{command[-1]}'; expected {expected}" in refusal(*command)


def test_files_that_a_comparison_cannot_go_on_with_are_refused(tmp_path):
    state, images = tmp_path / "state.json", tmp_path / "test_batch.bin"
    for content, reason in (("{", "is no JSON"), ("[]", "is of another kind; expected a file that this script wrote, or a new one")):
        state.write_text(content)
        assert f"'{state}' {reason}" in refusal("bench/autoattack.py", "--state", state)
    images.write_bytes(bytes(2 * 3073))
    comparison = ("bench/autoattack.py", RESNET, tmp_path, "--state", state)
    state.write_text('{"settings": ["another"]}')
    assert f"{state} is of ['another']" in refusal(*comparison, "--images", 2)
    for refused in (comparison, ("bench/peers.py", RESNET, tmp_path)):
        assert "--images: 3; expected at most the 2" in refusal(*refused, "--images", 3)


def test_what_the_program_refuses_is_passed_on(tmp_path):
    assert "nowhere.safetensors" in refusal("scripts/check_honest.py", "synthetic", "--models", "nowhere.safetensors:8/255")
    assert "test_batch.bin" in refusal("bench/checks.py", RESNET, f"cifar10:{tmp_path}")


def test_a_program_that_is_missing_is_named(tmp_path, monkeypatch):
    missing = tmp_path / "aigis"
    monkeypatch.setattr(built, "PROGRAM", missing)
    assert str(missing) in refusal("bench/checks.py", RESNET, "synthetic")
    (tmp_path / "test_batch.bin").write_bytes(bytes(3073))
    assert str(missing) in refusal("bench/autoattack.py", RESNET, tmp_path, "--images", 1, "--state", tmp_path / "new.json")
