"""The numbers of a report, counted once more in Python from the adversarial images that it saved."""

import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gate_intervals import assert_intervals
from intervals import of_hits, of_shares, wilson
from judging import COUNT, DRAWS, SEED, judge, judge_along, margins_of, passes
from program import AIG, RESNET, aigis, report
from reference import Reference, gate_noise

EPSILONS = ["0", "4/255", "25.5/255"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recount")
    models = [RESNET, AIG + ":gates=argmax", f"{AIG}:gates=sampled,draws={DRAWS}"]
    flags = [word for model in models for word in ("--model", model)]
    result = aigis("evaluate", *flags, "--data", f"synthetic:test={COUNT}", "--eps", ",".join(EPSILONS), "--seed", SEED,
                   "--defense", "none", "--defense", "jpeg:quality=75", "--access", "white-box,grey-box",
                   "--save-examples", COUNT, "--batch", 25, "--gate-swap", "true", "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(folder / "r.json")
    return folder, document, load_file(folder / document["runs"][0]["examples"]["file"])


def layers_of(document, run):
    return next(m for m in document["models"] if m["id"] == run["model"])


def assert_decided(*margins):
    assert min(margins) > 1e-5, "a near tie: another seed would make this test say more"


def assert_flips_by_chance(said, redrawn, labels, gates_before):
    """Gates of the clean images that other noise flips."""
    if redrawn is None:
        assert said["share_on_clean_redraw"] == 0 and said["ci95_on_clean_redraw"] == [0, 0]
        return
    _, _, gates, margin = judge(redrawn, labels)
    assert_decided(margin)
    flipped = gates != gates_before
    assert flipped.any() and said["share_on_clean_redraw"] == pytest.approx(flipped.mean())
    assert said["ci95_on_clean_redraw"] == of_shares(flipped.mean((0, 2)))


def assert_damage(said, before, after):
    """Of hits [draws, images]: the paired difference of accuracies, by adjusted Wald (Bonett & Price 2012)."""
    lost = before.mean(0) - after.mean(0)
    n = len(lost) + 2
    mean = lost.sum() / n
    half = 1.959963984540054 * math.sqrt(((np.square(lost).sum() + 2) / n - mean**2) / n)
    assert said["value"] == pytest.approx(lost.mean())
    assert said["ci95"] == pytest.approx([max(-1, mean - half), min(1, mean + half)])


def test_every_number_of_every_run(made):
    folder, document, saved = made
    labels = torch.arange(COUNT) % 10
    clean_images, clean_passes, damage_told_apart = {}, {}, False
    for index, run in enumerate(document["runs"]):
        images = saved[f"{index}.images"]
        clean, behind = clean_images.setdefault(run["model"], images), (run["model"], run["defense"]["name"])
        if behind not in clean_passes:
            clean_passes[behind] = passes(run, clean), passes(run, clean, "redraw_gates") if "sampled" in run["model"] else None
        before, redrawn = clean_passes[behind]
        assert run["epsilon"] > 0 or torch.equal(images, clean)
        after = passes(run, images) if run["epsilon"] > 0 else before
        hits, hits_top5, gates, margin = judge(after, labels)
        hits_before, top5_before, gates_before, margin_before = judge(before, labels)
        assert_decided(margin, margin_before)

        robust = run["accuracy"]["robust"]
        assert robust["successes"] == pytest.approx(hits.mean(0).sum()) and robust["trials"] == COUNT
        assert robust["value"] == pytest.approx(hits.mean()) and run["accuracy"]["clean"]["value"] == pytest.approx(hits_before.mean())
        assert run["accuracy"]["robust_top5"]["value"] == pytest.approx(hits_top5.mean())
        assert run["accuracy"]["clean_top5"]["value"] == pytest.approx(top5_before.mean())
        assert robust["ci95"] == of_hits(hits)
        assert np.array_equal(saved[f"{index}.hits"].numpy(), hits.sum(0))
        if run["defense"]["name"] == "none":
            assert saved[f"{index}.margin"].numpy() == pytest.approx(margins_of(after, labels).numpy(), abs=2e-5)

        delta = (images.double() - clean.double()).flatten(1)
        assert delta.abs().max() <= run["epsilon"] + 2**-23
        sizes = {"linf": delta.abs().amax(1), "l2": delta.norm(dim=1), "l1": delta.abs().sum(1), "l0": delta.ne(0).sum(1).double()}
        assert run["perturbation"] == {norm: {"mean": pytest.approx(of_norm.mean().item(), rel=1e-5),
                                              "max": pytest.approx(of_norm.max().item(), rel=1e-5)}
                                       for norm, of_norm in sizes.items()}
        assert run["count"] == COUNT and run["images_per_second"] == pytest.approx(COUNT / run["seconds"])

        if gates is None:
            assert run["gates"] is None and run["macs"]["before"] == document["models"][0]["macs"]["full"]
            continue
        assert np.array_equal(saved[f"{index}.opened"].numpy(), gates.sum(0))
        assert np.array_equal(saved[f"{index}.opened_before"].numpy(), gates_before.sum(0))
        assert run["gates"]["after"]["per_layer"] == pytest.approx(gates.mean((0, 1)))
        assert run["gates"]["before"]["per_layer"] == pytest.approx(gates_before.mean((0, 1)))
        for k in range(10):
            assert run["gates"]["after"]["per_class"][k] == pytest.approx(gates[:, labels == k].mean((0, 1)))
        assert run["gates"]["flipped"]["share"] == pytest.approx((gates != gates_before).mean())
        assert_flips_by_chance(run["gates"]["flipped"], redrawn, labels, gates_before)
        assert_intervals(run, labels, hits, gates, gates_before, layers_of(document, run))
        by_graph, margin = judge_along(run, clean, labels, gates)
        by_features, margin_before = judge_along(run, images, labels, gates_before)
        assert_decided(margin, margin_before)
        swap = run["gates"]["swap"]
        for name, swapped in (("clean_on_adversarial_gates", by_graph), ("adversarial_on_clean_gates", by_features)):
            assert swap[name]["value"] == pytest.approx(swapped.mean()) and swap[name]["ci95"] == of_hits(swapped)
        for name, left in (("graph", by_graph), ("features", by_features), ("both", hits)):
            assert_damage(swap["damage"][name], hits_before, left)
        damage_told_apart |= not np.array_equal(by_graph, by_features)
        histogram = np.bincount(gates.sum(2).astype(int).ravel(), minlength=4)
        assert run["gates"]["executed_layers_histogram"]["after"] == histogram.tolist()
        layers = layers_of(document, run)
        costs = [layer["macs"] for layer in layers["gates"]["layers"]]
        always = layers["macs"]["full"] - sum(costs)
        assert run["macs"]["after"] == pytest.approx(always + (gates.mean((0, 1)) * costs).sum())
        left_out = layers["macs"]["full"] - run["macs"]["before"]
        recovered = pytest.approx((run["macs"]["after"] - run["macs"]["before"]) / left_out) if left_out > 0.5 else None
        assert run["macs"]["recovery"] == recovered
        spent = {"before": always + (gates_before @ costs).ravel(), "after": always + (gates @ costs).ravel()}
        distribution = run["macs"]["distribution"]
        for when, macs in spent.items():
            quantiles = np.quantile(macs, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf")
            assert distribution["quantiles"][when] == quantiles.astype(int).tolist()
            for share, ends in zip([0.05, 0.25, 0.5, 0.75, 0.95], distribution["quantiles"][f"{when}_ci95"], strict=True):
                of_share = wilson(share * COUNT, COUNT)
                assert ends == np.quantile(macs, of_share, method="inverted_cdf").astype(int).tolist()
            assert distribution["over_budget"][when]["value"] == pytest.approx((macs > distribution["budget"]).mean())
        assert distribution["budget"] == distribution["quantiles"]["before"][-1]
    assert damage_told_apart


def test_the_images_are_those_of_fgsm(made):
    """x + eps sign(dCE/dx), by Python's PyTorch in float64; where the gradient nearly vanishes, rounding may decide."""
    _, document, saved = made
    labels = torch.arange(COUNT) % 10
    for index, run in enumerate(document["runs"]):
        if run["defense"]["name"] != "none" or run["epsilon"] == 0:
            continue
        clean = next(saved[f"{i}.images"] for i, r in enumerate(document["runs"]) if r["model"] == run["model"] and r["epsilon"] == 0)
        x = clean.double().requires_grad_(True)
        noise = gate_noise(SEED, "attack_gates", range(COUNT), 3) if "sampled" in run["model"] else None
        logits, _, _ = Reference(load_file(run["model"].split(":")[0]), 8).forward(x, noise)
        torch.nn.functional.cross_entropy(logits, labels, reduction="sum").backward()
        expected = (clean + run["epsilon"] * x.grad.sign()).clamp(0, 1)
        # softmax - onehot cancels in float32: the surer the model, the more of the gradient's last digits are noise.
        doubt = 1 - logits.softmax(1).gather(1, labels[:, None]).view(-1, 1, 1, 1)
        sure = x.grad.abs() > (1e-4 + 1e-6 / doubt) * x.grad.abs().amax((1, 2, 3), keepdim=True)
        assert sure.double().mean() > 0.5
        assert ((saved[f"{index}.images"] - expected).abs()[sure] < 1e-6).double().mean() > 0.9999


def test_verify_agrees(made):
    folder, _, _ = made
    result = aigis("verify", folder / "r.json", "--data", f"synthetic:test={COUNT}")
    assert result.returncode == 0 and "0 disagreements" in result.stdout, result.stdout + result.stderr
