"""Verdicts that rounding may turn, and that `aigis verify` therefore excuses."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from judging import margins_of, passes
from program import RESNET, aigis, report
from reference import Reference, read_metadata
from verification import verify, with_images, with_successes

ANOTHER = "images get another verdict than the saved one"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ties")
    result = aigis("evaluate", "--model", RESNET, "--data", "synthetic:test=20", "--eps", "0,8/255", "--save-examples", 20, "--checks", "off",
                   "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    return folder, report(folder / "r.json")


@pytest.fixture(scope="module")
def tied(made):
    """A report and what it saved, with an image that is as good as on the boundary: its run, its place, and one that is not."""
    folder, document = made
    saved = load_file(folder / document["runs"][0]["examples"]["file"])
    clean, index = 0, 1
    broken = (saved[f"{clean}.hits"] > saved[f"{index}.hits"]).nonzero().flatten().tolist()
    place = broken[0]
    other = next(i for i in range(20) if i != place and saved[f"{index}.margin"][i].abs() > 0.01)
    right, wrong = saved[f"{clean}.images"][place].double(), saved[f"{index}.images"][place].double()
    between = lambda share: (right + share * (wrong - right)).float()[None]
    margin_of = lambda image: margins_of(passes(document["runs"][index], image), torch.tensor([place % 10])).item()
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        margin = margin_of(between(middle))
        low, high = (middle, high) if margin > 0 else (low, middle)
    assert abs(margin) < 5e-6

    def right_in_bytes(image):
        rounded = ((right * 255).round() + ((image - right) * 255).trunc()) / 255
        return margin_of(rounded.float()[None]) > 0

    tie = between(middle)[0]
    more = right_in_bytes(tie.double()) - right_in_bytes(wrong)
    document = with_successes(document, index, "robust_quantized",
                              document["runs"][index]["accuracy"]["robust_quantized"]["successes"] + more)
    saved[f"{index}.images"][place] = tie
    saved[f"{index}.margin"][place] = margin
    return (folder, document), saved, index, place, other


def verified(made, saved, **changes):
    """Verifies with saved tensors of which some have another value at a place."""
    changed = {name: tensor.clone() for name, tensor in saved.items()}
    for name, (place, value) in changes.items():
        changed[name][place] = value
    return verify(made[0], with_images(*made, changed))


def turned_hits(tied):
    """What the tie's verdict is not."""
    made, saved, index, place, _ = tied
    turned = "1 near ties fell the other way"
    excused = [hits for hits in (0, 1) if turned in verified(made, saved, **{f"{index}.hits": (place, hits)}).stdout]
    assert len(excused) == 1
    return excused[0]


def test_verify_excuses_a_near_tie(tied):
    made, saved, index, place, _ = tied
    hits = turned_hits(tied)
    result = verified(made, saved, **{f"{index}.hits": (place, hits)})
    assert result.returncode == 0, result
    without = {name: tensor for name, tensor in saved.items() if not name.endswith(".margin")}
    result = verified(made, without, **{f"{index}.hits": (place, hits)})
    assert result.returncode == 0 and "1 near ties" in result.stdout, result
    result = verified(made, saved, **{f"{index}.hits": (place, hits), f"{index}.margin": (place, 0.1)})
    assert result.returncode == 1 and f"/runs/{index}/examples: 1 {ANOTHER}" in result.stdout, result


def test_verify_excuses_no_image_beside_a_near_tie(tied):
    made, saved, index, place, other = tied
    hits = 1 - turned_hits(tied)
    wrong = saved | {f"{index}.hits": saved[f"{index}.hits"].clone()}
    wrong[f"{index}.hits"][place] = hits
    result = verified(made, wrong, **{f"{index}.hits": (other, 1 - wrong[f"{index}.hits"][other])})
    assert result.returncode == 1 and f"/runs/{index}/examples: 1 {ANOTHER}" in result.stdout, result


def test_margins_are_those_of_all_images(tied):
    made, saved, index, _, _ = tied
    result = verified(made, saved | {f"{index}.margin": saved[f"{index}.margin"][:-1].clone()})
    assert result.returncode == 1 and f"the margins of run {index} are not 20 of float32" in result.stderr, result


@pytest.fixture(scope="module")
def tied_clean(made, tmp_path_factory):
    """A report within budget 0 whose model holds two classes for equal on one image, which is right or wrong by rounding."""
    images, labels = load_file(made[0] / made[1]["runs"][0]["examples"]["file"])["0.images"], torch.arange(20) % 10
    state = load_file(RESNET)
    logits = Reference(state, 8).forward(images.double())[0].detach()
    place = next(i for i in range(20) if logits[i].argmax() == labels[i])
    first, second = logits[place].topk(2).indices
    state["fc.bias"][second] += logits[place, first] - logits[place, second]
    folder = tmp_path_factory.mktemp("tied")
    save_file(state, folder / "tied.safetensors", metadata=read_metadata(RESNET))
    result = aigis("evaluate", "--model", folder / "tied.safetensors", "--data", "synthetic:test=20", "--eps", "0", "--save-examples", 20,
                   "--checks", "off", "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(folder / "r.json")
    assert document["runs"][0]["near_ties"] == 1
    return folder, document


@pytest.mark.parametrize("accuracy, ties", [("clean", 1), ("robust_quantized", 1), ("label_kept", 2)])
def test_verify_excuses_totals_within_their_near_ties(tied_clean, accuracy, ties):
    folder, document = tied_clean
    successes = document["runs"][0]["accuracy"][accuracy]["successes"]
    result = verify(folder, with_successes(document, 0, accuracy, successes - ties))
    assert result.returncode == 0 and f"{ties} near ties fell the other way" in result.stdout, result
    result = verify(folder, with_successes(document, 0, accuracy, successes - ties - 1))
    assert result.returncode == 1 and f"/runs/0/accuracy/{accuracy}" in result.stdout, result


def test_verify_excuses_no_total_of_saved_images_whose_verdicts_stand(tied_clean):
    folder, document = tied_clean
    fewer = document["runs"][0]["accuracy"]["robust"]["successes"] - 1
    result = verify(folder, with_successes(document, 0, "robust", fewer))
    assert result.returncode == 1 and "/runs/0/accuracy/robust" in result.stdout, result
