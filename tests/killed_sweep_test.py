"""The same sweep gives the same report: killed and resumed, by a damaged journal, in other batches."""

import json
import random

import pytest

from killed import SWEEP, keys_of, killed_when, sealed
from program import aigis, refused, report, without_times


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    out = tmp_path_factory.mktemp("unbroken") / "r.json"
    result = aigis(*SWEEP, "--out", out)
    assert result.returncode == 0, result.stderr
    return without_times(report(out))


def test_a_killed_sweep_goes_on_to_the_same_report(unbroken, tmp_path):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    chance, parts = random.Random(1), 0
    for is_torn in (False, True, True):
        parts = len(keys_of(journal)) + chance.randint(1, 5)
        killed_when(lambda: len(keys_of(journal)) >= parts, chance.uniform(0, 0.05), *SWEEP, "--out", out)
        if is_torn:  # a crash in the middle of a line
            with open(journal, "ab") as file:
                file.write(b'{"key":"model 0 batch 1')
    result = aigis(*SWEEP, "--out", out)
    assert result.returncode == 0, result.stderr
    assert without_times(report(out)) == unbroken
    assert not journal.exists()


def test_a_killed_evaluation_goes_on_too(unbroken, tmp_path):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    evaluation = ["evaluate", *SWEEP[1:], "--out", out]
    killed_when(lambda: len(keys_of(journal)) >= 3, 0, *evaluation)
    result = aigis(*evaluation)
    assert result.returncode == 0 and "going on with" in result.stderr
    assert without_times(report(out)) == unbroken
    assert not journal.exists()


def test_a_journal_of_another_run_is_refused(tmp_path):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    others = '{"identity":{"config":"other"}}\n' + sealed({"key": "model 0 batch 0 run 0", "value": {}}) + "\n"
    journal.write_text(others)
    assert "unfinished run with other settings" in refused(*SWEEP, "--out", out)
    assert journal.read_text() == others


def test_a_journal_of_another_run_that_got_nowhere_gives_way(tmp_path, unbroken):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    journal.write_text('{"identity":{"config":"other"}}\n')
    assert aigis(*SWEEP, "--out", out).returncode == 0
    assert without_times(report(out)) == unbroken
    assert not journal.exists()


def a_digit_of(line):
    """Another digit in place of one of a line's, wherever it stands."""
    place = line.index('"accuracy":[') + len('"accuracy":[')
    return line[:place] + ("1" if line[place] != "1" else "2") + line[place + 1 :]


def arrays_cut_short(lines):
    first, second, third = (json.loads(line.split(" ", 1)[1]) for line in lines)
    first["value"]["clean"]["opened"].append(1)
    second["value"]["cells"][0]["hits"].pop()
    third["value"] = 3
    return [sealed(entry) for entry in (first, second, third)]


@pytest.mark.parametrize("damage", [lambda lines: [a_digit_of(lines[0]), *lines[1:]], arrays_cut_short], ids=["a digit", "arrays cut short"])
def test_damaged_journal_entries_are_done_again(damage, unbroken, tmp_path):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    killed_when(lambda: len(keys_of(journal)) >= 3, 0, *SWEEP, "--out", out)
    identity, *lines = journal.read_text().splitlines()[:4]
    journal.write_text("\n".join([identity, *damage(lines)]) + "\n")
    assert aigis(*SWEEP, "--out", out).returncode == 0
    assert without_times(report(out)) == unbroken


def test_batch_size_does_not_matter(unbroken, tmp_path):
    """Gate noise is the image's own. Rounding may turn a near tie, so a verdict may differ, and no more."""
    result = aigis(*[a if a != "20" else "80" for a in SWEEP], "--out", tmp_path / "r.json", threads=2)
    assert result.returncode == 0, result.stderr
    for one, two in zip(unbroken["runs"], report(tmp_path / "r.json")["runs"]):
        for key in ("clean", "robust"):
            assert abs(one["accuracy"][key]["successes"] - two["accuracy"][key]["successes"]) <= 1
        if one["gates"]:
            assert one["gates"]["after"]["mean"] == pytest.approx(two["gates"]["after"]["mean"], abs=0.01)
