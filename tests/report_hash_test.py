"""The hash of a report's text, by which a change of it is noticed."""

import json

import pytest

from program import aigis, of_version, text_hash
from verification import refusal_of, small, verify_text  # noqa: F401 (a fixture)

CHANGED = "the report's text is not what was written: "


def test_a_report_tells_the_hash_of_its_text(small):
    folder, document = small
    text = (folder / "r.json").read_text()
    assert text_hash(text) == document["text_sha256"]


@pytest.mark.parametrize("before, after", [
    ('"backward": ', '"backward": 1'), ('"aside": ', '"aside": 1'), ('"to_success": null', '"to_success": [[9, 1]]'),
    ('"stages": null', '"stages": []'), ('"seconds": ', '"seconds": 1'), ('"images_per_second": ', '"images_per_second": 1'),
    ('"command_line": "aigis', '"command_line": "Aigis'), ('"compiler": "', '"compiler": "x'), ('"threads": ', '"threads": 1'),
    ('"level": "passed"', '"level": "undecided"'), ('"smallest_effect": ', '"smallest_effect":  '), ("}\n", "}\n\n")])
def test_verify_notices_a_change_of_what_it_cannot_count(small, before, after):
    """The recount agrees, and the text does not."""
    folder, document = small
    text = (folder / "r.json").read_text()
    assert before in text
    result = verify_text(folder, text.replace(before, after, 1))
    first, *_, last = result.stdout.splitlines()
    assert result.returncode == 1 and first.startswith(CHANGED) and document["text_sha256"] in first, result
    assert last.endswith(": 1 disagreements"), result


def test_verify_notices_what_was_taken_away(small):
    folder, document = small
    shorter = json.loads(json.dumps(document))
    assert any(run["flags"] for run in shorter["runs"])
    for run in shorter["runs"]:
        run["flags"] = []
    shorter["checks"].pop()
    result = verify_text(folder, json.dumps(shorter, indent=1) + "\n")
    assert result.returncode == 1 and result.stdout.startswith(CHANGED), result
    del shorter["text_sha256"]
    for version in ("1.11", document["version"]):
        result = verify_text(folder, json.dumps(dict(shorter, version=version)))
        assert result.returncode == 1 and result.stdout.startswith(CHANGED + "/text_sha256 is missing"), result


def test_verify_names_what_it_can_of_a_changed_text(small):
    folder, document = small
    changed = json.loads(json.dumps(document))
    changed["runs"][7]["macs"]["after"] = 1.0
    result = verify_text(folder, json.dumps(changed, indent=1) + "\n")
    lines = result.stdout.splitlines()
    assert result.returncode == 1 and lines[0].startswith(CHANGED), result
    assert any(line.startswith("/runs/7/macs/after is ") for line in lines[1:]), result


@pytest.mark.parametrize("before, after", [
    ("{", "["), ("}\n", "\n"), ('"text_sha256"', "text_sha256"), ('_sha256": ', '_sha256"; '), ('"schema"', '"schena"'), ('"version": "1', '"version": "2'), ('"runs": [', '"runs": {'), ('"seed"', '"sead"'),
    ('"data": {', '"date": {'), ('"name": "jpeg"', '"name": "jpeh"'), ('"epsilon"', '"epsilom"')])
def test_a_changed_text_fails_also_where_it_cannot_be_judged(small, before, after):
    folder, _ = small
    text = (folder / "r.json").read_text()
    assert before in text
    result = verify_text(folder, text.replace(before, after, 1))
    assert result.returncode == 1 and result.stdout.startswith(CHANGED), result
    assert "changed.json: is not what was written, and cannot be judged: " in refusal_of(result)


def test_a_changed_hash_fails_whichever_it_is(small):
    folder, document = small
    text = (folder / "r.json").read_text()
    for said in (document["text_sha256"], document["data"]["sha256"], document["models"][0]["checkpoint"]["sha256"]):
        other = ("1" if said[0] == "0" else "0") + said[1:]
        result = verify_text(folder, text.replace(said, other, 1))
        assert result.returncode == 1 and result.stdout.startswith(CHANGED), result
    result = verify_text(folder, text.replace(document["text_sha256"], "0" * 63 + "g", 1))
    assert result.returncode == 1 and "changed.json: is not what was written" in refusal_of(result)


def test_a_changed_key_of_the_hash_fails_also_where_the_text_is_no_json_any_more(small):
    folder, _ = small
    text = (folder / "r.json").read_bytes()
    key = b"text_sha256"
    for place in (0, len(key) - 1):
        changed = bytearray(text)
        changed[text.index(key) + place] ^= 0x80
        (folder / "changed.json").write_bytes(changed)
        result = aigis("verify", folder / "changed.json", "--data", "synthetic:test=20")
        assert result.returncode == 1 and result.stdout.startswith(CHANGED + "/text_sha256 is missing"), result
        assert "changed.json: is not what was written, and cannot be judged: " in refusal_of(result)


def test_what_never_was_a_report_is_wrong_input(small):
    folder, document = small
    without_hash = {key: value for key, value in document.items() if key != "text_sha256"}
    for text in ("", "[]", "no report", json.dumps(without_hash)[:-1], json.dumps(dict(without_hash, schema="aigis"))):
        result = verify_text(folder, text)
        assert result.returncode == 2 and "changed.json: " in refusal_of(result), result


def test_earlier_versions_had_no_hash(small):
    folder, document = small
    earlier = of_version(document, "1.10")
    result = verify_text(folder, json.dumps(earlier))
    assert result.returncode == 0 and "reports of version 1.10 hold no hash of their text" in result.stdout, result
