"""Which model a report calls more robust, counted once more in Python from the verdicts that it saved."""

import math
from fractions import Fraction

import numpy as np
import pytest
from safetensors.torch import load_file

from program import AIG, RESNET, aigis, report

COUNT = 40
BUDGETS = [Fraction(0), Fraction(1, 4), Fraction(8)]  # of 255; their trapezoids are parts of 64


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparisons")
    result = aigis("sweep", "--model", RESNET, "--model", AIG + ":gates=argmax", "--model", f"{AIG}:gates=sampled,draws=3",
                   "--data", f"synthetic:test={COUNT}", "--eps", "0,0.25/255,8/255", "--attack", "fgsm", "--attack", "pgd:steps=3",
                   "--worst-case", "true", "--save-examples", COUNT, "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(folder / "r.json")
    saved = load_file(folder / document["runs"][0]["examples"]["file"])
    shares = [[Fraction(hits, run["accuracy"]["draws"]) for hits in saved[f"{i}.hits"].tolist()] for i, run in enumerate(document["runs"])]
    return document, shares


def less(a, b):
    return [mine - other for mine, other in zip(a, b)]


def mean(values):
    return float(sum(values) / len(values))


def sign_flip(differences):
    """By all sums that the differences can have with signs from fair coins."""
    whole = math.lcm(*(d.denominator for d in differences))
    parts = [int(d * whole) for d in differences]
    chances = {0: 1.0}
    for part in filter(None, parts):
        sums = {}
        for at, chance in chances.items():
            for to in (at + part, at - part):
                sums[to] = sums.get(to, 0) + chance / 2
        chances = sums
    return sum(chance for at, chance in chances.items() if abs(at) >= abs(sum(parts)))


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


def assert_decided(entry, difference, interval, names):
    """By two conditions alone."""
    decided = entry["p_holm"] < 0.05 and (interval[0] > 0 or interval[1] < 0)
    assert entry["more_robust"] == (names[difference < 0] if decided else None)


def test_of_every_budget(made):
    document, shares = made
    runs = document["runs"]
    for entry in document["comparisons"]:
        a, b = entry["run_a"], entry["run_b"]
        differences = less(shares[a], shares[b])
        assert entry["difference"] == pytest.approx(mean(differences))
        assert entry["p"] == pytest.approx(sign_flip(differences))
        assert_decided(entry, mean(differences), entry["ci95"], (runs[a]["model"], runs[b]["model"]))
    sizes = {"clean": 3, "worst": 3 * 2, "single": 3 * 2 * 2}  # of three pairs of models, two attacks and two budgets
    assert_corrected(document["comparisons"], lambda entry: runs[entry["run_a"]], sizes)


def test_of_whole_curves(made):
    document, shares = made
    runs = document["runs"]
    first = [curve["runs"][0] for curve in document["curves"]]
    # Over the budgets, each with a share of half the way to those beside it.
    weights = [(BUDGETS[min(e + 1, 2)] - BUDGETS[max(e - 1, 0)]) / 2 / BUDGETS[-1] for e in range(3)]
    means = [[sum(map(Fraction.__mul__, weights, right)) for right in zip(*shares[f - 1:f + 2])] for f in first]
    for curve, of_images in zip(document["curves"], means):
        assert curve["mean_accuracy"]["value"] == pytest.approx(mean(of_images))
    for entry in document["curve_comparisons"]:
        a, b = entry["curve_a"], entry["curve_b"]
        differences = less(means[a], means[b])
        assert entry["difference"]["value"] == pytest.approx(mean(differences))
        assert entry["p"] == pytest.approx(sign_flip(differences))
        assert_decided(entry, mean(differences), entry["difference"]["ci95"], (runs[first[a]]["model"], runs[first[b]]["model"]))
    assert_corrected(document["curve_comparisons"], lambda entry: runs[first[entry["curve_a"]]], {"worst": 3, "single": 3 * 2})
