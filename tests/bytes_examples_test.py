"""Reports whose images were saved in 8 bits."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from judging import judge, margins_of, passes
from program import AIG, RESNET, aigis, report
from verification import verify, with_images, with_successes


@pytest.fixture(scope="module")
def in_bytes(tmp_path_factory):
    """A report whose images were saved in 8 bits, within budgets that are whole levels and one that is not."""
    folder = tmp_path_factory.mktemp("in_bytes")
    result = aigis("sweep", "--model", RESNET, "--model", f"{AIG}:gates=argmax", "--attack", "pgd:steps=3", "--data", "synthetic:test=20",
                   "--eps", "0,8/255,8.5/255", "--save-examples", 20, "--save-examples-as", "uint8", "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(folder / "r.json")
    return folder, document, load_file(folder / document["runs"][0]["examples"]["file"])


def test_images_saved_in_8_bits(in_bytes):
    folder, document, saved = in_bytes
    labels = torch.arange(20) % 10
    for index, run in enumerate(document["runs"]):
        images = saved[f"{index}.images"]
        assert images.dtype == torch.uint8 and run["examples"]["dtype"] == document["config"]["save_examples_as"] == "uint8"
        assert (images.int() - saved["0.images"].int()).abs().max() <= run["epsilon"] * 255 + 1e-3
        of_draws = passes(run, images.double() / 255)
        hits, _, gates, _ = judge(of_draws, labels)
        assert run["accuracy"]["robust_quantized"]["successes"] == hits.sum()
        assert np.array_equal(saved[f"{index}.hits"].numpy(), hits.sum(0))
        assert saved[f"{index}.margin"].numpy() == pytest.approx(margins_of(of_draws, labels).numpy(), abs=2e-5)
        if gates is not None:
            assert np.array_equal(saved[f"{index}.opened"].numpy(), gates.sum(0))
    file = folder / document["runs"][0]["examples"]["file"]
    assert file.stat().st_size < 1.1 * len(document["runs"]) * saved["0.images"].numel()


def test_verify_judges_images_in_8_bits(in_bytes):
    folder, document, saved = in_bytes
    result = verify(folder, document)
    assert result.returncode == 0 and "the images were saved in 8 bits" in result.stdout and "0 disagreements" in result.stdout, result
    index = len(document["runs"]) - 1
    outside, verdicts, layers, floats = ({name: tensor.clone() for name, tensor in saved.items()} for _ in range(4))
    pixel = outside[f"{index}.images"][3, 0, 0, 0]
    pixel.copy_((pixel.int() + 128) % 256)
    verdicts[f"{index}.hits"][3] ^= 1
    layers[f"{index}.opened"][3, 0] ^= 1
    floats[f"{index}.images"] = floats[f"{index}.images"] / 255
    for changed, complaint in ((outside, "1 images leave the budget"), (verdicts, "1 images get another verdict than the saved one"),
                               (layers, "other layers run than the saved ones")):
        result = verify(folder, with_images(folder, document, changed))
        assert result.returncode == 1 and f"/runs/{index}/examples: {complaint}" in result.stdout, result
    result = verify(folder, with_images(folder, document, floats))
    assert result.returncode == 1 and f"the images of run {index} are not uint8" in result.stderr, result


def test_8_bit_images_leave_a_budget_in_l1_by_less_than_a_level(tmp_path):
    """Rounding takes outwards by a millionth what was changed, and not what all pixel values would come to."""
    result = aigis("sweep", "--model", RESNET, "--attack", "pgd:steps=3", "--norm", "l1", "--eps", "0,10.5/255", "--data", "synthetic:test=20",
                   "--save-examples", 20, "--save-examples-as", "uint8", "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(tmp_path / "r.json")
    assert verify(tmp_path, document).returncode == 0
    saved = load_file(tmp_path / document["runs"][0]["examples"]["file"])
    for levels, complains in ((10, False), (11, True)):
        image = saved["0.images"][3].flatten().int()
        image[:levels] += torch.where(image[:levels] < 128, 1, -1)
        saved["1.images"][3] = image.view(3, 32, 32).to(torch.uint8)
        result = verify(tmp_path, with_images(tmp_path, document, saved))
        assert ("/runs/1/examples: 1 images leave the budget" in result.stdout) == complains, result


@pytest.mark.parametrize("accuracy, code", [("robust_quantized", 1), ("clean", 1), ("label_kept", 0)])
def test_verify_counts_what_8_bits_tell(in_bytes, accuracy, code):
    folder, document, _ = in_bytes
    successes = document["runs"][1]["accuracy"][accuracy]["successes"]
    result = verify(folder, with_successes(document, 1, accuracy, successes - 1 if successes > 0 else 1))
    assert result.returncode == code and (f"/runs/1/accuracy/{accuracy}" in result.stdout) == (code == 1), result


@pytest.mark.parametrize("place, value", [("accuracy/draws", 2), ("accuracy/convention", "any"), ("macs/monitor/tolerance", 0.06)])
def test_verify_knows_how_a_report_of_8_bits_counts(in_bytes, place, value):
    folder, document, _ = in_bytes
    changed = json.loads(json.dumps(document))
    index = next(i for i, run in enumerate(changed["runs"]) if run["gates"] and run["epsilon"] > 0)
    *keys, last = place.split("/")
    target = changed["runs"][index]
    for key in keys:
        target = target[key]
    target[last] = value
    if last == "draws":  # as many passes as the report then says there were
        histogram = changed["runs"][index]["gates"]["executed_layers_histogram"]
        histogram |= {when: [value * count for count in counts] for when, counts in histogram.items()}
    result = verify(folder, changed)
    assert result.returncode == 1 and f"/runs/{index}/{place} is " in result.stdout, result


@pytest.mark.parametrize("epsilon, code", [(0, 1), (8 / 255, 0)])
def test_verify_compares_clean_images_by_8_bits(in_bytes, epsilon, code):
    folder, document, _ = in_bytes
    changed = json.loads(json.dumps(document))
    index = next(i for i, pair in enumerate(changed["comparisons"]) if changed["runs"][pair["run_a"]]["epsilon"] == epsilon)
    changed["comparisons"][index]["difference"] = 0.123
    result = verify(folder, changed)
    assert result.returncode == code and (f"/comparisons/{index}/difference" in result.stdout) == (code == 1), result
    changed["comparisons"].pop()
    result = verify(folder, changed)
    assert result.returncode == 1 and "/comparisons is " in result.stdout, result
