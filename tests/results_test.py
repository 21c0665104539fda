"""What is committed: reports whose text is as it was written, pages as plot draws them, and the words about them."""

import json
import os

import pytest

from program import ROOT, aigis, report, text_hash
import family_table  # of scripts/, which program adds to the path
import fgsm_table
import gate_table
import study_table

REPORTS = sorted((ROOT / "reports/results").glob("*/report.json"))
GATES = ROOT / "reports/results/gates/report.json"


def of(path):
    return path.parent.name


@pytest.mark.parametrize("path", REPORTS, ids=of)
def test_reports_are_as_written(path):
    text = path.read_text()
    written = report(path)
    words = written["tool"]["command_line"].replace("=", " ").replace(":", " ").split()
    words += [model["checkpoint"]["file"] for model in written["models"]] + [written["data"]["spec"].partition(":")[2]]
    assert not [word for word in words if os.path.isabs(word)], "a path of the machine that it was made on"
    if tuple(map(int, written["version"].split("."))) >= (1, 11):
        assert written["text_sha256"] == text_hash(text)


@pytest.mark.parametrize("path", REPORTS, ids=of)
def test_pages_are_drawn_by_this_program(path, tmp_path):
    drawn = tmp_path / "report.html"
    assert aigis("plot", path, "--out", drawn).returncode == 0
    is_same = drawn.read_text() == path.with_suffix(".html").read_text()  # pytest would look for the differences for minutes
    assert is_same, f"aigis plot {path} --out {path.with_suffix('.html')}"


def beside_pyautoattack(path):
    """How many images a file of bench/autoattack.py is about, and of each run, by its name, which of them stand and the
    seconds: what was measured part by part, put together."""
    measured = json.loads(path.read_text())
    images = measured.pop("settings")[-1]
    runs = {}
    for key in sorted(measured, key=lambda key: int(key.rpartition(" ")[2])):
        run, (stands, seconds) = key.rpartition(" ")[0], measured[key]
        stood, before = runs.get(run, ([], 0))
        runs[run] = stood + stands, before + seconds
    return images, runs


def test_seconds_beside_pyautoattack_are_as_measured():
    told = (ROOT / "docs/attacks.md").read_text().partition("AutoAttack's `standard` beside")[2].partition("\n\n")[0]
    for path in (ROOT / "reports/results/beside-pyautoattack").glob("*.json"):
        for run, (_, seconds) in beside_pyautoattack(path)[1].items():
            assert f"{seconds:,.0f}{' s' if run.startswith('peer') else ''}" in told, (path, run)


def runs_of(name, **options):
    """The runs of an attack with these options within the largest budget, one for each network in turn."""
    document = report(GATES)
    largest = max(run["epsilon"] for run in document["runs"])
    found = [
        run for run in document["runs"]
        if run["attack"]["name"] == name and run["epsilon"] == largest
        and all(run["attack"]["options"].get(key) == value for key, value in options.items())
    ]
    assert len(found) == len(document["models"])
    return found


@pytest.mark.parametrize("attack, up", [("gate-sloth", True), ("gate-starve", False)])
def test_in_the_committed_report_locked_labels_stay_and_compute_moves(attack, up):
    for noise, free, locked in zip(runs_of("noise"), runs_of(attack, keep_label=False), runs_of(attack, keep_label=True)):
        assert locked["accuracy"]["label_kept"]["value"] >= 0.95
        for run in (free, locked):
            (low, high), (noise_low, noise_high) = run["gates"]["after"]["ci95"], noise["gates"]["after"]["ci95"]
            assert low > noise_high if up else high < noise_low, run["model"]


@pytest.mark.parametrize("attack, moved", [("gate-sloth", 0.055), ("gate-starve", -0.177)])
def test_in_the_committed_report_gates_that_decide_move_with_the_label_locked(attack, moved):
    """As far as they were seen to when these attacks were first tried, on another network."""
    gates = runs_of(attack, keep_label=True)[0]["gates"]
    assert (gates["after"]["mean"] - gates["before"]["mean"]) / moved >= 1


@pytest.mark.parametrize("attack", ["gate-joint", "gate-reroute"])
def test_in_the_committed_report_answers_fall_by_more_than_noise(attack):
    for noise, run in zip(runs_of("noise"), runs_of(attack)):
        assert run["accuracy"]["robust"]["ci95"][1] < noise["accuracy"]["robust"]["ci95"][0], run["model"]


def test_in_the_committed_report_rerouted_images_are_unseen_by_a_monitor_of_each():
    for noise, run in zip(runs_of("noise"), runs_of("gate-reroute")):
        monitor, of_noise = run["macs"]["monitor"], noise["macs"]["monitor"]
        assert monitor["unseen"]["value"] == 1, run["model"]
        assert monitor["unseen_and_wrong"]["ci95"][0] > of_noise["unseen_and_wrong"]["ci95"][1], run["model"]


@pytest.mark.parametrize("model, brief", [(0, False), (1, True), (2, True)])
def test_tables_of_attacks_on_gates(model, brief):
    for row in gate_table.rows(report(GATES), model, brief):
        assert row in (ROOT / "docs/gates.md").read_text(), f"scripts/gate_table.py {GATES.relative_to(ROOT)} {model}{' --brief' * brief}"


@pytest.mark.parametrize("name, rows", [("sampled", gate_table.sampled_rows), ("curves", gate_table.curve_rows),
                                        ("patches", gate_table.patch_rows),
                                        ("black-box", gate_table.black_box_rows)])
def test_tables_of_other_sweeps_of_attacks_on_gates(name, rows):
    path = ROOT / f"reports/results/gates-{name}/report.json"
    for row in rows(report(path)):
        assert row in (ROOT / "docs/gates.md").read_text(), f"scripts/gate_table.py {path.relative_to(ROOT)} --{name}"


@pytest.mark.parametrize("name, flag, rows", [("transfer", "", study_table.transfer_rows),
                                              ("where-robustness-comes-from", "--attacks", study_table.attack_rows),
                                              ("where-robustness-comes-from", "--leads", study_table.lead_rows)])
def test_tables_of_where_robustness_comes_from(name, flag, rows):
    path = ROOT / f"reports/results/{name}/report.json"
    for row in rows(report(path)):
        assert row in (ROOT / "reports/results/where-robustness-comes-from/README.md").read_text(), f"scripts/study_table.py {path.relative_to(ROOT)} {flag}"


def test_table_of_the_main_job():
    path = ROOT / "reports/results/cifar10/report.json"
    for row in fgsm_table.rows(report(path)):
        assert row in (ROOT / "README.md").read_text(), f"scripts/fgsm_table.py {path.relative_to(ROOT)}"


def test_table_of_the_gradient_family():
    path = ROOT / "reports/results/gradient-family/report.json"
    for row in family_table.rows(report(path)):
        assert row in (ROOT / "docs/attacks.md").read_text(), f"scripts/family_table.py {path.relative_to(ROOT)}"


@pytest.mark.parametrize("path", sorted((ROOT / "reports/results/beside-pyautoattack").glob("*.json")), ids=lambda p: p.stem)
def test_autoattack_beside_its_authors(path):
    """At most .5 % of the images are judged differently, in whatever precision gradients were taken."""
    images, runs = beside_pyautoattack(path)
    peer, _ = runs.pop("peer 0")
    ours = {run: stands for run, (stands, _) in runs.items() if run.startswith("aigis ")}
    assert len(peer) == images and ours
    for run, stands in ours.items():
        assert sum(a != b for a, b in zip(stands, peer, strict=True)) <= 0.005 * images, run
