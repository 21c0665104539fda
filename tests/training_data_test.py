"""Training never reads the test images, whatever it chooses by: they are not there."""

import pytest
from PIL import Image

from program import aigis, refused, report

ADVERSARIAL = ["--adversary", "pgd:steps=1", "--adversary-eps", "4/255"]


def cifar_training_files(folder):
    """Ten thousand times the same picture in each, and its labels; the file of test images is missing."""
    pixels = bytes(range(256)) * 12
    for part in range(1, 6):
        (folder / f"data_batch_{part}.bin").write_bytes(b"".join(bytes([(i + part) % 10]) + pixels for i in range(10)) * 1000)
    return f"cifar10:{folder}", "test_batch.bin"


def image_training_files(folder):
    """Eight pictures of each of ten classes; the folder of test images is missing."""
    for label in range(10):
        (folder / f"train/{label}").mkdir(parents=True)
        for i in range(8):
            Image.new("RGB", (32, 32), (25 * label, 30 * i, 99)).save(folder / f"train/{label}/{i}.jpg")
    return f"imagefolder:{folder},size=32", "val: no such folder"


@pytest.mark.parametrize("training_files, options", [  # adversarial training does all that training does, and more
    (cifar_training_files, ADVERSARIAL), (image_training_files, ADVERSARIAL), (image_training_files, [])],
    ids=["cifar10, adversarial", "imagefolder, adversarial", "imagefolder"])  # fmt: skip
def test_training_never_reads_the_test_images(training_files, options, tmp_path):
    data, missing = training_files(tmp_path)
    train = ["train", "--model", "aig-8", "--data", data, "--limit", "64", "--epochs", "1", "--batch", "32", *options]
    result = aigis(*train, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    assert report(tmp_path / "run/train.json")["final"]["held_out"]["sampled"]["trials"] > 0
    assert missing in refused("evaluate", "--model", tmp_path / "run/model.safetensors", "--data", data)
