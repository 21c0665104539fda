"""Checkpoints and images that are damaged, or of another kind than is asked for."""

from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from program import AIG, RESNET, aigis, refused, report
from reference import read_metadata

POINT = ("--data", "synthetic:test=20")


def damaged(tmp_path, name, change):
    content = bytearray(Path(AIG).read_bytes())
    path = tmp_path / name
    path.write_bytes(bytes(change(content)))
    return path


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda b: b[:5], "shorter than the 8 bytes"),
        (lambda b: b[:100], "cut off inside the header"),
        (lambda b: b[:-10], "cut off: tensor"),
        (lambda b: b + b"xx", "left over"),
        (lambda b: b"\xff" * 8 + b[8:], "implausible"),
        (lambda b: b.replace(b'"F32"', b'"X32"', 1), "unknown type X32"),
        (lambda b: b.replace(b"layer2.0.bn1.weight", b"layer2.0.bn9.weight"), "tensor 'layer2.0.bn1.weight' is missing"),
        (lambda b: b.replace(b"aigis-checkpoint 1", b"aigis-checkpoint 9"), "this version reads"),
    ],
)
def test_damaged_checkpoints(change, expected, tmp_path):
    assert expected in refused("inspect", damaged(tmp_path, "bad.safetensors", change))


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("fc.weight", 1e300, "tensor 'fc.weight' holds values too large for float32"),
        ("bn1.running_var", 1e300, "tensor 'bn1.running_var' holds values too large for float32"),
        ("normalize.std", 1e-300, "tensor 'normalize.std' holds values of at most 0; expected deviations"),
    ],
)
def test_numbers_beyond_the_range_of_float32_are_named(name, value, expected, tmp_path):
    tensors = load_file(RESNET)
    tensors[name] = tensors[name].double().fill_(value)
    path = tmp_path / "double.safetensors"
    save_file(tensors, path, metadata=read_metadata(RESNET))
    assert expected in refused("evaluate", "--model", path, *POINT)


@pytest.mark.parametrize(
    "key, value, expected",
    [
        ("architecture", "", "'' names nothing"),
        ("architecture", ":", "':' names nothing"),
        ("architecture", "aig-", "model 'aig-': depth: '' is not a whole number"),
        ("architecture", "aug-8", "unknown model 'aug-8'; known: resnet-20"),
        ("classes", '{"a": 1}', "expected names"),
        ("input", "[3,32.7,32]", "expected whole numbers, got [3,32.7,32]"),
        ("execution_rates", "[0.5,1.5,0.5]", "expected numbers from 0 to 1"),
        ("record", "[", "not JSON: it ends too early"),
        ("record", '{"data":5}', "expected data, epochs, and held_out"),
        ("record", '{"data":"synthetic","epochs":2,"held_out":"90 %"}', "expected data, epochs, and held_out"),
        ("record", '{"data":"synthetic","epochs":2,"held_out":{"none":{}}}', "expected data, epochs, and held_out"),
    ],
)
def test_metadata_that_cannot_be_used_is_named(key, value, expected, tmp_path):
    path = tmp_path / "changed.safetensors"
    save_file(load_file(AIG), path, metadata=dict(read_metadata(AIG), **{key: value}))
    assert f"{path}: its metadata '{key}': {expected}" in refused("inspect", path)


def test_a_record_of_training_that_held_nothing_out(tmp_path):
    path = tmp_path / "record.safetensors"
    nothing = '{"data":"synthetic","epochs":2,"held_out":{"sampled":{"value":null,"successes":0,"trials":0,"ci95":null}}}'
    save_file(load_file(AIG), path, metadata=dict(read_metadata(AIG), record=nothing))
    assert aigis("inspect", path).returncode == 0
    assert aigis("evaluate", "--model", path, *POINT).returncode == 0


def test_wrong_classes_or_sizes_are_refused_everywhere(tmp_path):
    for name in ("a", "b", "c"):
        for part in ("train", "val"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.new("RGB", (32, 32), (10, 20, 30)).save(tmp_path / part / name / "x.png")
            Image.new("RGB", (32, 32), (10, 20, 30)).save(tmp_path / part / name / "y.jpg")
    data = f"imagefolder:{tmp_path},size=32"
    assert "has 10 classes; data 'imagefolder' has 3" in refused("inspect", AIG, "--data", data)
    assert "has 10 classes; data 'imagefolder' has 3" in refused("evaluate", "--model", AIG, "--data", data)
    assert "has 10 classes; data 'imagefolder' has 3" in refused("bench", "attack", "--batch", 4, "--model", AIG, "--data", data)
    assert "takes 3x32x32 images" in refused("inspect", AIG, "--data", f"imagefolder:{tmp_path},size=64")


def test_a_model_of_other_classes_says_so(tmp_path):
    names = ["disc", "ring", "square", "frame", "triangle", "cross", "flower", "bars", "wedges", "yacht"]
    for name in names:
        for part in ("train", "val"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.new("RGB", (32, 32), (10, 20, 30)).save(tmp_path / part / name / "x.png")
    result = aigis("evaluate", "--model", RESNET, "--data", f"imagefolder:{tmp_path},size=32", "--out", tmp_path / "r.json")
    assert "warning: class 0 is 'disc' in the checkpoint and 'bars' in the data" in result.stdout
    assert [f["numbers"] for f in report(tmp_path / "r.json")["runs"][0]["flags"] if f["check"] == "class-names"] == [{"class": 0}]
    for data, warned in ((f"imagefolder:{tmp_path},size=32", True), (POINT[1], False)):
        inspected = aigis("inspect", RESNET, "--data", data).stdout
        assert ("warning: class 0 is 'disc' in the checkpoint and 'bars' in the data" in inspected) == warned


def cifar_file(path, records=10_000, label=3):
    path.write_bytes((bytes([label]) + bytes(3072)) * records)


def test_cifar_files(tmp_path):
    evaluate = ("evaluate", "--model", RESNET, "--data", f"cifar10:{tmp_path}")
    assert "test_batch.bin: cannot be read" in refused(*evaluate)
    cifar_file(tmp_path / "test_batch.bin", records=9_999)
    assert "30726927 bytes; expected 30730000" in refused(*evaluate)
    cifar_file(tmp_path / "test_batch.bin", label=10)
    assert "record 0 has label 10; expected 0 to 9" in refused(*evaluate)
