"""What `aigis verify` notices, and where it agrees."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from intervals import wilson
from program import AIG, RESNET, ROOT, aigis, of_version, report
from verification import refusal_of, small, verify  # noqa: F401 (a fixture)


def test_verify_agrees_where_an_option_overrules_a_preset(tmp_path):
    attacks = ("pgd:preset=foolbox,steps=2,step_size=2/255", "di-fgsm:preset=transferattack,steps=2,diversity=0")
    result = aigis("sweep", "--model", RESNET, "--attack", attacks[0], "--attack", attacks[1], "--data", "synthetic:test=20",
                   "--eps", "8/255", "--checks", "full", "--save-examples", 20, "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    result = aigis("verify", tmp_path / "r.json", "--data", "synthetic:test=20")
    assert result.returncode == 0 and "0 disagreements" in result.stdout, result.stdout + result.stderr


def test_verify_agrees_where_other_draws_judge_the_worst_case(tmp_path):
    result = aigis("sweep", "--model", f"{AIG}:gates=sampled,draws=3", "--attack", "fgsm", "--attack", "pgd:steps=3", "--worst-case",
                   "true", "--data", "synthetic:test=20", "--eps", "4/255", "--checks", "off", "--save-examples", 20,
                   "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    result = aigis("verify", tmp_path / "r.json", "--data", "synthetic:test=20")
    assert result.returncode == 0 and "0 disagreements" in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize(
    "path, value",
    [
        ("/runs/7/seed", 5),
        ("/runs/7/accuracy/robust", {"value": 1.0, "successes": 20, "trials": 20, "ci95": [0.9, 1.0]}),
        ("/runs/7/accuracy/robust/ci95/0", 0.0),
        ("/runs/7/accuracy/clean_top5/successes", 3.0),
        ("/runs/7/perturbation/linf/max", 0.5),
        ("/runs/7/near_ties", 20),
        ("/runs/7/macs/after", 1.0),
        ("/runs/7/gates/flipped/share_on_clean_redraw", 0.99),
        ("/runs/7/gates/before/per_class/3/1", 0.0123),
        ("/runs/7/gates/executed_layers_histogram/after/0", 10_000),
        ("/runs/7/epsilon", 7 / 255),
        ("/runs/7/access", "white-box"),
        ("/runs/7/defense/options/quality", 74),
        ("/models/1/parameters", 1),
        ("/models/1/gates/layers/0/macs", 1),
        ("/runs/7/attack/options/steps", 40),
        ("/runs/7/nested", True),
        ("/runs/7/flags", [{"check": "clean-accuracy", "level": "error", "message": "m", "numbers": {}}]),
        ("/runs/7/examples", None),
        ("/runs/7/examples/count", 19),
        ("/models/1/options/target_rate", 0.123),
        ("/models/1/checkpoint", None),
        ("/data/classes/0", "other"),
        ("/config/seed", 5),
        ("/config/limit", 19),
        ("/config/data", "synthetic:test=21"),
        ("/config/batch", 0),
        ("/config/eps/1", 5 / 255),
        ("/comparisons/0/difference", 0.123),
        ("/comparisons/1/more_robust", "somebody"),
        ("/runs/7/gates/swap", {"clean_on_adversarial_gates": None}),
    ],
)
def test_verify_notices_what_is_not_so(small, path, value):
    """An edit is a disagreement, or makes the report one that contradicts itself."""
    folder, document = small
    changed = json.loads(json.dumps(document))
    *keys, last = [int(key) if key.isdigit() else key for key in path.split("/")[1:]]
    target = changed
    for key in keys:
        target = target[key]
    if isinstance(target, dict) and value is None and last == "examples":
        del target[last]
    else:
        assert isinstance(target, list) or target.get(last) != value
        target[last] = value
    result = verify(folder, changed)
    said = result.stdout + result.stderr
    names = ("/".join(path.split("/")[:3]), "run 7", "is not the checkpoint")
    assert result.returncode in (1, 2) and ("config" in path or any(name in said for name in names)), said


def test_verify_bounds_what_it_cannot_count(tmp_path):
    """Of 20 images 5 were saved: of the other 15 all or none may be right, and no more."""
    result = aigis("sweep", "--model", RESNET, "--data", "synthetic:test=20", "--eps", "8/255", "--save-examples", 5, "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(tmp_path / "r.json")
    result = verify(tmp_path, document)
    assert result.returncode == 0 and "5 of 20 images of each run were saved" in result.stdout
    saved = load_file(tmp_path / document["runs"][0]["examples"]["file"])["0.hits"].sum().item()
    for successes, code in ((saved + 15, 0), (saved + 16, 1)):
        if successes <= 20:
            changed = json.loads(json.dumps(document))
            low, high = np.clip(wilson(successes, 20), 0, 1)
            changed["runs"][0]["accuracy"]["robust"] = {"value": successes / 20, "successes": successes, "trials": 20, "ci95": [low, high]}
            changed["runs"][0]["accuracy"]["robust_top5"] = {"value": 1.0, "successes": 20, "trials": 20, "ci95": list(np.clip(wilson(20, 20), 0, 1))}
            result = verify(tmp_path, changed)
            assert result.returncode == code, result.stdout + result.stderr


@pytest.mark.parametrize("place, value", [("/curves/0/mean_accuracy/ci95/0", -0.5), ("/curve_comparisons/0/p", 0.123)])
def test_verify_recounts_curves(tmp_path, place, value):
    made = aigis("sweep", "--model", RESNET, "--model", f"{AIG}:gates=argmax", "--data", "synthetic:test=20", "--eps",
                 "2/255,8/255", "--gate-swap", "true", "--save-examples", 20, "--out", tmp_path / "r.json")
    assert made.returncode == 0, made.stderr
    document = report(tmp_path / "r.json")
    assert verify(tmp_path, document).returncode == 0
    *keys, last = [int(key) if key.isdigit() else key for key in place.split("/")[1:]]
    target = document
    for key in keys:
        target = target[key]
    target[last] = value
    result = verify(tmp_path, document)
    assert result.returncode == 1 and place in result.stdout, result.stdout + result.stderr


def test_verify_misses_no_run(small):
    folder, document = small
    without_the_last_model = json.loads(json.dumps(document))
    gone = without_the_last_model["models"].pop()["id"]
    without_the_last_model["config"]["model"].remove(gone)
    without_the_last_model["runs"] = [run for run in document["runs"] if run["model"] != gone]
    without_the_last_model["comparisons"] = without_the_last_model["checks"] = []
    without_the_last_model["curves"] = without_the_last_model["curve_comparisons"] = []
    result = verify(folder, without_the_last_model)
    assert result.returncode == 1 and "4 runs; images of 8 were saved" in result.stdout, result.stdout
    for runs in (document["runs"][:-1], document["runs"] + document["runs"][-1:]):
        result = verify(folder, dict(document, runs=runs, comparisons=[], checks=[], curves=[], curve_comparisons=[]))
        assert result.returncode == 2 and "/runs/" in result.stderr and "/config" in result.stderr


def test_reports_of_an_earlier_version_lack_what_came_later(small):
    folder, document = small
    for earlier, code in ((of_version(document, "1.1"), 0), (of_version(document, "1.2"), 1), (json.loads(json.dumps(document)), 1)):
        for run in earlier["runs"]:
            del run["attack"]["options"]["loss"], run["perturbation"]["l1"]  # which came with 1.2
        result = verify(folder, earlier)
        assert result.returncode == code, result.stdout + result.stderr
        assert ("/runs/0/perturbation/l1 is missing" in result.stdout) == (code == 1), result.stdout


def test_intervals_over_all_layers_are_told_otherwise_before_1_15(small):
    folder, document = small
    for version, code in (("1.14", 0), (document["version"], 1)):
        earlier = json.loads(json.dumps(dict(document, version=version)))
        gates = earlier["runs"][7]["gates"]
        gates["before"]["ci95"] = gates["after"]["ci95"] = gates["flipped"]["ci95"] = [0.0, 1.0]
        result = verify(folder, earlier)
        assert result.returncode == code, result.stdout + result.stderr


def test_the_scale_of_likeness_came_with_1_17(small):
    folder, document = small
    for version, code in (("1.16", 0), ("1.17", 1)):
        earlier = json.loads(json.dumps(dict(document, version=version)))
        for run in earlier["runs"]:
            if run["gates"]:
                del run["gates"]["likeness"]["own"], run["gates"]["likeness"]["most"]
        result = verify(folder, earlier)
        assert result.returncode == code, result.stdout + result.stderr
        assert all(("/gates/likeness/" + key + " is missing" in result.stdout) == (code == 1) for key in ("own", "most"))


@pytest.mark.parametrize("key, value", [("p", 0.123), ("p_holm", 0.123)])
def test_what_is_decided_was_told_otherwise_before_1_17(small, key, value):
    folder, document = small
    for version, code in (("1.16", 0), (document["version"], 1)):
        earlier = json.loads(json.dumps(dict(document, version=version)))
        earlier["comparisons"][0][key] = value
        result = verify(folder, earlier)
        assert result.returncode == code, result.stdout + result.stderr
        assert code == 0 or f"/comparisons/0/{key} " in result.stdout, result.stdout


def test_verify_finds_checkpoints_from_the_reports_folder(tmp_path):
    """The report names checkpoints relative to where the sweep ran; the check may run elsewhere."""
    (tmp_path / "models").mkdir()
    (tmp_path / "results").mkdir()
    shutil.copy(AIG, tmp_path / "models/aig.safetensors")
    result = aigis("sweep", "--model", "models/aig.safetensors", "--data", "synthetic:test=20", "--eps", "8/255", "--save-examples", 20,
                   "--out", "results/r.json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert aigis("verify", tmp_path / "results/r.json", "--data", "synthetic:test=20", cwd="/").returncode == 0
    for other in (Path(RESNET).read_bytes(), b"\xff" + Path(AIG).read_bytes()[1:], b""):  # the latter two cannot be read
        (tmp_path / "models/aig.safetensors").write_bytes(other)
        result = aigis("verify", tmp_path / "results/r.json", "--data", "synthetic:test=20", cwd="/")
        assert result.returncode == 1 and "aig.safetensors: is not the checkpoint" in refusal_of(result), result
