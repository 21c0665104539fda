"""Which model a report calls more robust, counted once more in Python from the verdicts that it saved."""

import math

import numpy as np
import pytest
from safetensors.torch import load_file

from program import AIG, RESNET, aigis, report

COUNT = 40
STEPS = 10_080


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparisons")
    result = aigis("sweep", "--model", RESNET, "--model", AIG + ":gates=argmax", "--model", f"{AIG}:gates=sampled,draws=3",
                   "--data", f"synthetic:test={COUNT}", "--eps", "0,2/255,8/255", "--attack", "fgsm", "--attack", "pgd:steps=3",
                   "--worst-case", "true", "--save-examples", COUNT, "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(folder / "r.json")
    saved = load_file(folder / document["runs"][0]["examples"]["file"])
    shares = [saved[f"{i}.hits"].numpy() / run["accuracy"]["draws"] for i, run in enumerate(document["runs"])]
    return document, shares


def sign_flip(differences):
    """By all sums that the differences, rounded to steps, can have with signs from fair coins."""
    chances = {0: 1.0}
    rounded = [int(math.copysign(math.floor(abs(d) * STEPS + 0.5), d)) for d in differences]
    for d in filter(None, rounded):
        sums = {}
        for at, chance in chances.items():
            for to in (at + d, at - d):
                sums[to] = sums.get(to, 0) + chance / 2
        chances = sums
    return sum(chance for at, chance in chances.items() if abs(at) >= abs(sum(rounded)))


def holm(chances):
    least, corrected = 0, [0.0] * len(chances)
    for i, k in enumerate(np.argsort(chances, kind="stable")):
        corrected[k] = least = max(least, min(1, chances[k] * (len(chances) - i)))
    return corrected


def assert_corrected(compared, run_of, sizes):
    """By families: without an attack, under the worst case, and under single attacks."""
    families = {}
    for entry in compared:
        run = run_of(entry)
        family = "clean" if run["epsilon"] == 0 else "worst" if run["attack"]["name"] == "worst-case" else "single"
        families.setdefault(family, []).append(entry)
    for entries in families.values():
        assert [entry["p_holm"] for entry in entries] == pytest.approx(holm([entry["p"] for entry in entries]))
    assert {family: len(entries) for family, entries in families.items()} == sizes


def test_of_every_budget(made):
    document, shares = made
    for entry in document["comparisons"]:
        differences = shares[entry["run_a"]] - shares[entry["run_b"]]
        assert entry["difference"] == pytest.approx(differences.mean())
        assert entry["p"] == pytest.approx(sign_flip(differences))
    sizes = {"clean": 3, "worst": 3 * 2, "single": 3 * 2 * 2}  # of three pairs of models, two attacks and two budgets
    assert_corrected(document["comparisons"], lambda entry: document["runs"][entry["run_a"]], sizes)


def test_of_whole_curves(made):
    """By trapezoids at 0, 2/255 and 8/255 accuracies weigh 1, 4 and 3 eighths."""
    document, shares = made
    means = [sum(weight * shares[curve["runs"][0] - 1 + e] for e, weight in enumerate((1 / 8, 4 / 8, 3 / 8))) for curve in document["curves"]]
    for entry in document["curve_comparisons"]:
        differences = means[entry["curve_a"]] - means[entry["curve_b"]]
        assert entry["difference"]["value"] == pytest.approx(differences.mean())
        assert entry["p"] == pytest.approx(sign_flip(differences))
    first_run = lambda entry: document["runs"][document["curves"][entry["curve_a"]]["runs"][0]]
    assert_corrected(document["curve_comparisons"], first_run, {"worst": 3, "single": 3 * 2})
