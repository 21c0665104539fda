"""The adversarial images that a report keeps beside it."""


import pytest
from safetensors.torch import load_file

from program import RESNET, aigis, as_if_written, of_version, refused, report
from verification import small, verify, with_images  # noqa: F401 (a fixture)


def test_forms_of_saved_images_are_refused_where_they_make_no_sense(tmp_path):
    sweep = ["sweep", "--model", RESNET, "--data", "synthetic:test=5000", "--out", tmp_path / "r.json"]
    assert "'int8' is not one of float32, uint8" in refused(*sweep, "--save-examples", 5, "--save-examples-as", "int8")
    assert "expected --save-examples N beside it" in refused(*sweep, "--save-examples-as", "uint8")
    many = [*sweep, "--eps", ",".join(f"{i}/1000" for i in range(280)), "--save-examples", 5000]
    for form, size in (("float32", "17.2 GB"), ("uint8", "4.3 GB")):
        assert f"280 runs would keep {size}" in refused(*many, "--save-examples-as", form)


def test_a_report_and_its_examples_never_part(tmp_path):
    """New images take a new name; the old ones go once the report that names the new ones stands."""
    out = tmp_path / "r.json"
    point = ["--model", RESNET, "--data", "synthetic:test=20", "--out", out]
    names = lambda: sorted(path.name for path in tmp_path.iterdir())
    assert aigis("evaluate", *point, "--eps", "4/255", "--save-examples", 3).returncode == 0
    first = names()
    assert aigis("evaluate", *point, "--eps", "8/255", "--save-examples", 5).returncode == 0
    second = names()
    assert len(first) == len(second) == 2 and first != second
    assert aigis("evaluate", *point, "--eps", "8/255").returncode == 0
    assert names() == ["r.json"]
    sweep = ["sweep", "--model", RESNET, "--data", "synthetic:test=20", "--eps", "4/255", "--save-examples", 3, "--out", tmp_path / "s.json"]
    assert aigis(*sweep).returncode == 0 and "complete already" in aigis(*sweep).stdout
    (tmp_path / "s.json").write_text(as_if_written(of_version(report(tmp_path / "s.json"), "1.13")))
    assert "complete already" in aigis(*sweep).stdout
    (tmp_path / report(tmp_path / "s.json")["runs"][0]["examples"]["file"]).unlink()
    assert "missing" in refused(*sweep)
    assert "--save-examples needs --out" in refused("evaluate", "--model", RESNET, "--save-examples", 3)


def test_verify_notices_other_images(small):
    folder, document = small
    path = folder / document["runs"][0]["examples"]["file"]
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    result = verify(folder, document)
    path.write_bytes(before)
    assert result.returncode == 1 and "SHA-256 differs" in result.stderr


@pytest.mark.parametrize("what", ["opened", "opened_before"])
def test_verify_notices_other_layers(small, what):
    folder, document = small
    saved = load_file(folder / document["runs"][0]["examples"]["file"])
    index = next(i for i in range(len(document["runs"])) if f"{i}.{what}" in saved)
    saved[f"{index}.{what}"][0, 0] += 1
    result = verify(folder, with_images(folder, document, saved))
    assert result.returncode == 1 and f"/runs/{index}/examples: other layers" in result.stdout
