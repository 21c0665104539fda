"""The numbers of a report, counted once more in Python from the adversarial images that it saved."""

import hashlib
import io
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from program import AIG, RESNET, aigis, as_if_written, of_version, refused, report, text_hash
from reference import Reference, gate_noise

COUNT, DRAWS, SEED = 60, 3, 4
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


def jpeg(images, quality=75):
    """Through Pillow, which uses libjpeg-turbo too."""
    out = []
    for image in (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy():
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        out.append(np.asarray(Image.open(buffer).convert("RGB")))
    return torch.from_numpy(np.stack(out)).permute(0, 3, 1, 2).double() / 255


def judge(run, images, labels):
    """hits [draws, N], hits among the top 5 [draws, N], gates [draws, N, L] or None, smallest margin of any decision."""
    sampled = "sampled" in run["model"]
    model = Reference(load_file(run["model"].split(":")[0]), 8)
    x = jpeg(images) if run["defense"]["name"] == "jpeg" else images.double()
    hits, hits_top5, gates, margin = [], [], [], math.inf
    for draw in range(DRAWS if sampled else 1):
        noise = gate_noise(SEED, "verdict_gates", range(COUNT), 3, draw=draw) if sampled else None
        logits, deltas, open_gates = model.forward(x, noise)
        hits.append((logits.argmax(1) == labels).numpy())
        hits_top5.append((logits.topk(5, 1).indices == labels[:, None]).any(1).numpy())
        top = logits.topk(6, 1).values
        margin = min(margin, (top[:, 0] - top[:, 1]).min().item(), (top[:, 4] - top[:, 5]).min().item())
        if open_gates is not None:
            score = deltas.detach() if noise is None else deltas.detach() + torch.as_tensor(noise)
            margin = min(margin, score.abs().min().item())
            gates.append(open_gates.detach().numpy())
    return np.stack(hits), np.stack(hits_top5), np.stack(gates) if gates else None, margin


def judge_along(run, images, labels, graphs):
    """hits [draws, N] along gates [draws, N, L] that other images took, smallest margin of any decision."""
    model = Reference(load_file(run["model"].split(":")[0]), 8)
    x = jpeg(images) if run["defense"]["name"] == "jpeg" else images.double()
    logits = torch.stack([model.forward(x, mode="fixed", graph=graph)[0] for graph in graphs])
    top = logits.topk(2, 2).values
    return (logits.argmax(2) == labels).numpy(), (top[:, :, 0] - top[:, :, 1]).min().item()


def wilson(successes, trials, z=1.959963984540054):
    p = successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials**2))
    return [centre - half, centre + half]


def clustered(shares, draws):
    """Wilson's interval of a mean over images at the effective sample size (Korn & Graubard 1998)."""
    n, p = len(shares), np.mean(shares)
    variance = np.var(shares, ddof=1) / n if np.ptp(shares) > 1e-12 else 0
    effective = np.clip(p * (1 - p) / variance, n, n * draws) if variance > 0 else n
    return pytest.approx(np.clip(wilson(p * effective, effective), 0, 1), abs=1e-9)


def most_trials(hits):
    """For each image, by how many images the rarer outcome is spread over; hits are [draws, images]."""
    spreads = [of_images.sum() ** 2 / (of_images**2).sum() if of_images.any() else 0 for of_images in (hits.sum(0), (1 - hits).sum(0))]
    return np.clip(min(spreads) / 20, 1, len(hits))


def of_hits(hits):
    """Of [draws, images] of right and wrong."""
    if len(hits) == 1:
        return pytest.approx(np.clip(wilson(hits.sum(), hits.shape[1]), 0, 1), abs=1e-9)
    return clustered(hits.mean(0), most_trials(hits))


def assert_damage(said, before, after):
    """Of hits [draws, images]: the paired difference of accuracies, by adjusted Wald (Bonett & Price 2012)."""
    lost = before.mean(0) - after.mean(0)
    n = len(lost) + 2
    mean = lost.sum() / n
    half = 1.959963984540054 * math.sqrt(((np.square(lost).sum() + 2) / n - mean**2) / n)
    assert said["value"] == pytest.approx(lost.mean())
    assert said["ci95"] == pytest.approx([max(-1, mean - half), min(1, mean + half)])


def of_all_layers(gates):
    """[draws, images, layers] as [draws * layers, images]."""
    return np.moveaxis(gates, 2, 1).reshape(-1, gates.shape[1])


def layers_of(document, run):
    return next(m for m in document["models"] if m["id"] == run["model"])


def assert_intervals(run, labels, hits, gates, gates_before, model):
    """Gates are [draws, images, layers]; every mean is over images, whose draws go together."""
    draws, images, layers = gates.shape
    costs = np.array([layer["macs"] for layer in model["gates"]["layers"]], dtype=float)
    always, saved = model["macs"]["full"] - costs.sum(), costs.sum()
    for when, open_gates in (("before", gates_before), ("after", gates)):
        rates = run["gates"][when]
        assert rates["ci95"] == of_hits(of_all_layers(open_gates))
        for l in range(layers):
            assert np.clip(rates["per_layer_ci95"][l], 0, 1) == of_hits(open_gates[:, :, l])
            for k in range(10):
                assert np.clip(rates["per_class_ci95"][k][l], 0, 1) == of_hits(open_gates[:, labels == k, l])
        shares = (open_gates @ costs / saved).mean(0)
        low, high = run["macs"]["ci95"][when]
        assert [(low - always) / saved, (high - always) / saved] == clustered(shares, np.inf)
        reached = [((always + open_gates @ costs) >= model["macs"]["full"] * step / 20 - 0.5).mean() for step in range(1, 21)]
        exceedance = run["macs"]["distribution"]["exceedance"]
        assert exceedance[when] == pytest.approx(reached)
        ends = [np.clip(wilson(share * images, images), 0, 1) for share in reached]
        assert np.allclose(exceedance[f"{when}_ci95"], ends, atol=1e-9)
        if draws > 1:
            variances = (open_gates @ costs).var(0, ddof=1)
            half = 1.959963984540054 * variances.std(ddof=1) / math.sqrt(images)
            spread = run["macs"]["spread"][when]
            assert spread["value"] == pytest.approx(math.sqrt(variances.mean()))
            assert spread["ci95"] == pytest.approx(np.sqrt(np.clip([variances.mean() - half, variances.mean() + half], 0, None)))
        else:
            assert run["macs"]["spread"] is None
    q = np.stack([gates_before[:, labels == k].mean((0, 1)) for k in range(10)])
    weight = q.var(0) / max(q.var(0).sum(), 1e-300)
    for when, open_gates in (("before", gates_before), ("after", gates)):
        alike = [1 - (np.abs(open_gates[:, labels != k] - q[k]) @ weight).mean() for k in range(10)]
        said = run["gates"]["likeness"]
        if not q.var(0).any():
            assert said[when] == said[f"{when}_ci95"] == [None] * 10
            continue
        assert said[when] == pytest.approx(alike)
        for k in range(10):
            of_images = 1 - (np.abs(open_gates[:, labels != k] - q[k]) @ weight).mean(0)
            assert said[f"{when}_ci95"][k] == clustered(of_images, np.inf)
    assert run["gates"]["flipped"]["ci95"] == of_hits(of_all_layers(gates != gates_before))

    before, after = ((open_gates @ costs / saved).mean(0) for open_gates in (gates_before, gates))
    if run["macs"]["recovery"] is not None:  # delta method, of a ratio of means over the same images
        ratio = (after - before).mean() / (1 - before).mean()
        residues = after - before - ratio * (1 - before)
        half = 1.959963984540054 * residues.std(ddof=1) / math.sqrt(images) if np.ptp(residues) > 1e-12 else wilson(0, images)[1]
        half /= (1 - before).mean()
        expected = [ratio - half, min(1, ratio + half)]
        assert run["macs"]["ci95"]["recovery"] == pytest.approx(expected, abs=1e-9)
    monitor = run["macs"]["monitor"]
    unseen = np.abs(after - before) <= monitor["tolerance"] + 1e-9
    assert monitor["unseen"]["successes"] == unseen.sum()
    assert monitor["unseen_and_wrong"]["successes"] == pytest.approx((unseen * (1 - hits.mean(0))).sum())


def test_every_number_of_every_run(made):
    folder, document, saved = made
    labels = torch.arange(COUNT) % 10
    by_model, damage_told_apart = {}, False
    for index, run in enumerate(document["runs"]):
        images = saved[f"{index}.images"]
        if run["epsilon"] == 0:
            by_model[run["model"]] = clean_images = images
        clean = by_model[run["model"]]
        hits, hits_top5, gates, margin = judge(run, images, labels)
        hits_before, top5_before, gates_before, margin_before = judge(run, clean, labels)
        assert min(margin, margin_before) > 1e-5, "a near tie: another seed would make this test say more"

        robust = run["accuracy"]["robust"]
        assert robust["successes"] == pytest.approx(hits.mean(0).sum()) and robust["trials"] == COUNT
        assert robust["value"] == pytest.approx(hits.mean()) and run["accuracy"]["clean"]["value"] == pytest.approx(hits_before.mean())
        assert run["accuracy"]["robust_top5"]["value"] == pytest.approx(hits_top5.mean())
        assert run["accuracy"]["clean_top5"]["value"] == pytest.approx(top5_before.mean())
        assert robust["ci95"] == of_hits(hits)
        assert np.array_equal(saved[f"{index}.hits"].numpy(), hits.sum(0))

        delta = (images.double() - clean.double()).flatten(1)
        assert delta.abs().max() <= run["epsilon"] + 2**-23
        assert run["perturbation"]["linf"]["mean"] == pytest.approx(delta.abs().amax(1).mean().item(), abs=1e-7)
        assert run["perturbation"]["l2"]["max"] == pytest.approx(delta.norm(dim=1).max().item(), abs=1e-6)

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
        assert_intervals(run, labels, hits, gates, gates_before, layers_of(document, run))
        by_graph, margin = judge_along(run, clean, labels, gates)
        by_features, margin_before = judge_along(run, images, labels, gates_before)
        assert min(margin, margin_before) > 1e-5, "a near tie: another seed would make this test say more"
        swap = run["gates"]["swap"]
        for name, swapped in (("clean_on_adversarial_gates", by_graph), ("adversarial_on_clean_gates", by_features)):
            assert swap[name]["value"] == pytest.approx(swapped.mean()) and swap[name]["ci95"] == of_hits(swapped)
        for name, after in (("graph", by_graph), ("features", by_features), ("both", hits)):
            assert_damage(swap["damage"][name], hits_before, after)
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
        for when, passes in spent.items():
            quantiles = np.quantile(passes, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf")
            assert distribution["quantiles"][when] == quantiles.astype(int).tolist()
            for share, ends in zip([0.05, 0.25, 0.5, 0.75, 0.95], distribution["quantiles"][f"{when}_ci95"], strict=True):
                of_share = wilson(share * COUNT, COUNT)
                assert ends == np.quantile(passes, of_share, method="inverted_cdf").astype(int).tolist()
            assert distribution["over_budget"][when]["value"] == pytest.approx((passes > distribution["budget"]).mean())
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


def test_targets_and_rounded_images(tmp_path):
    """The share that is taken for the target, and the verdict on 8-bit images no further from the clean ones."""
    result = aigis("sweep", "--model", RESNET, "--data", f"synthetic:test={COUNT}", "--eps", "0,4.5/255", "--attack",
                   "pgd:steps=3,target=3", "--save-examples", COUNT, "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(tmp_path / "r.json")
    saved = load_file(tmp_path / document["runs"][0]["examples"]["file"])
    clean, labels = saved["0.images"].double() * 255, torch.arange(COUNT) % 10
    model = Reference(load_file(RESNET), 8)
    for index, run in enumerate(document["runs"]):
        images = saved[f"{index}.images"].double()
        answers = model.forward(images, None)[0].argmax(1)
        on_target = run["accuracy"]["on_target"]
        assert on_target["successes"] == (answers == 3)[labels != 3].sum() and on_target["trials"] == (labels != 3).sum()
        change = images * 255 - clean
        inwards = clean + change.sign() * torch.floor(change.abs() + 1e-3)
        answers = model.forward(inwards / 255, None)[0].argmax(1)
        assert run["accuracy"]["robust_quantized"]["successes"] == (answers == labels).sum()
    assert document["runs"][1]["accuracy"]["on_target"]["successes"] > document["runs"][0]["accuracy"]["on_target"]["successes"]
    verified = aigis("verify", tmp_path / "r.json", "--data", f"synthetic:test={COUNT}")
    assert verified.returncode == 0 and "0 disagreements" in verified.stdout, verified.stdout + verified.stderr
    document["runs"][1]["accuracy"]["on_target"] = document["runs"][1]["accuracy"]["clean"]
    for version, code in ((document["version"], 1), ("1.12", 0)):  # until then images of the target's class counted, too
        (tmp_path / "r.json").write_text(as_if_written(dict(document, version=version)))
        verified = aigis("verify", tmp_path / "r.json", "--data", f"synthetic:test={COUNT}")
        assert verified.returncode == code, verified.stdout + verified.stderr
        assert code == 0 or "/runs/1/accuracy/on_target" in verified.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A report of little work, to be changed and verified often."""
    folder = tmp_path_factory.mktemp("small")
    result = aigis("sweep", "--model", RESNET, "--model", f"{AIG}:gates=sampled,draws=2", "--data", "synthetic:test=20", "--eps",
                   "0,8/255", "--seed", SEED, "--defense", "jpeg:quality=75", "--access", "white-box,grey-box", "--save-examples", 20,
                   "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    return folder, report(folder / "r.json")


def verify_text(folder, text):
    (folder / "changed.json").write_text(text)
    return aigis("verify", folder / "changed.json", "--data", "synthetic:test=20")


def verify(folder, document):
    return verify_text(folder, as_if_written(document))


def test_verify_agrees(made):
    folder, _, _ = made
    result = aigis("verify", folder / "r.json", "--data", f"synthetic:test={COUNT}")
    assert result.returncode == 0 and "0 disagreements" in result.stdout, result.stdout + result.stderr


def test_verify_agrees_where_an_option_overrules_a_preset(tmp_path):
    attacks = ("pgd:preset=foolbox,steps=2,step_size=2/255", "di-fgsm:preset=transferattack,steps=2,diversity=0")
    result = aigis("sweep", "--model", RESNET, "--attack", attacks[0], "--attack", attacks[1], "--data", "synthetic:test=20",
                   "--eps", "8/255", "--checks", "full", "--save-examples", 20, "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    result = aigis("verify", tmp_path / "r.json", "--data", "synthetic:test=20")
    assert result.returncode == 0 and "0 disagreements" in result.stdout, result.stdout + result.stderr


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
        hits, _, gates, _ = judge(run, images.double() / 255, labels)
        assert run["accuracy"]["robust_quantized"]["successes"] == hits.sum()
        assert np.array_equal(saved[f"{index}.hits"].numpy(), hits.sum(0))
        if gates is not None:
            assert np.array_equal(saved[f"{index}.opened"].numpy(), gates.sum(0))
    file = folder / document["runs"][0]["examples"]["file"]
    assert file.stat().st_size < 1.1 * len(document["runs"]) * saved["0.images"].numel()


def with_images(folder, document, saved):
    """The report, if it had been written with these images."""
    save_file(saved, folder / "other.safetensors")
    changed = json.loads(json.dumps(document))
    for run in changed["runs"]:
        run["examples"] |= {"file": "other.safetensors", "sha256": hashlib.sha256((folder / "other.safetensors").read_bytes()).hexdigest()}
    return changed


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
    changed = json.loads(json.dumps(document))
    said = changed["runs"][1]["accuracy"][accuracy]
    successes = said["successes"] - 1 if said["successes"] > 0 else 1
    said |= {"value": successes / 20, "successes": successes, "ci95": list(np.clip(wilson(successes, 20), 0, 1))}
    result = verify(folder, changed)
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


def test_forms_of_saved_images_are_refused_where_they_make_no_sense(tmp_path):
    sweep = ["sweep", "--model", RESNET, "--data", "synthetic:test=5000", "--out", tmp_path / "r.json"]
    assert "'int8' is not one of float32, uint8" in refused(*sweep, "--save-examples", 5, "--save-examples-as", "int8")
    assert "expected --save-examples N beside it" in refused(*sweep, "--save-examples-as", "uint8")
    many = [*sweep, "--eps", ",".join(f"{i}/1000" for i in range(280)), "--save-examples", 5000]
    for form, size in (("float32", "17.2 GB"), ("uint8", "4.3 GB")):
        assert f"280 runs would keep {size}" in refused(*many, "--save-examples-as", form)


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


def refusal_of(result):
    """The one line of a verification that failed before anything was judged again."""
    line, = result.stderr.splitlines()
    return line


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


@pytest.mark.parametrize(
    "path, value",
    [
        ("/runs/7/seed", 5),
        ("/runs/7/accuracy/robust", {"value": 1.0, "successes": 20, "trials": 20, "ci95": [0.9, 1.0]}),
        ("/runs/7/accuracy/robust/ci95/0", 0.0),
        ("/runs/7/accuracy/clean_top5/successes", 3.0),
        ("/runs/7/perturbation/linf/max", 0.5),
        ("/runs/7/near_ties", 20),
        ("/runs/7/macs/after", 1.0),
        ("/runs/7/gates/flipped/share_on_clean_redraw", 0.99),
        ("/runs/7/gates/before/per_class/3/1", 0.0123),
        ("/runs/7/gates/executed_layers_histogram/after/0", 10_000),
        ("/runs/7/epsilon", 7 / 255),
        ("/runs/7/access", "white-box"),
        ("/runs/7/defense/options/quality", 74),
        ("/models/1/parameters", 1),
        ("/models/1/gates/layers/0/macs", 1),
        ("/runs/7/attack/options/steps", 40),
        ("/runs/7/nested", True),
        ("/runs/7/flags", [{"check": "clean-accuracy", "level": "error", "message": "m", "numbers": {}}]),
        ("/runs/7/examples", None),
        ("/runs/7/examples/count", 19),
        ("/models/1/options/target_rate", 0.123),
        ("/models/1/checkpoint", None),
        ("/data/classes/0", "other"),
        ("/config/seed", 5),
        ("/config/limit", 19),
        ("/config/data", "synthetic:test=21"),
        ("/config/eps/1", 5 / 255),
        ("/comparisons/0/difference", 0.123),
        ("/comparisons/1/more_robust", "somebody"),
        ("/runs/7/gates/swap", {"clean_on_adversarial_gates": None}),
    ],
)
def test_verify_notices_what_is_not_so(small, path, value):
    """An edit is a disagreement, or makes the report one that contradicts itself."""
    folder, document = small
    changed = json.loads(json.dumps(document))
    *keys, last = [int(key) if key.isdigit() else key for key in path.split("/")[1:]]
    target = changed
    for key in keys:
        target = target[key]
    if isinstance(target, dict) and value is None and last == "examples":
        del target[last]
    else:
        assert isinstance(target, list) or target.get(last) != value
        target[last] = value
    result = verify(folder, changed)
    said = result.stdout + result.stderr
    names = ("/".join(path.split("/")[:3]), "run 7", "is not the checkpoint")
    assert result.returncode in (1, 2) and ("config" in path or any(name in said for name in names)), said


def test_verify_bounds_what_it_cannot_count(tmp_path):
    """Of 20 images 5 were saved: of the other 15 all or none may be right, and no more."""
    result = aigis("sweep", "--model", RESNET, "--data", "synthetic:test=20", "--eps", "8/255", "--save-examples", 5, "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(tmp_path / "r.json")
    result = verify(tmp_path, document)
    assert result.returncode == 0 and "5 of 20 images of each run were saved" in result.stdout
    saved = load_file(tmp_path / document["runs"][0]["examples"]["file"])["0.hits"].sum().item()
    for successes, code in ((saved + 15, 0), (saved + 16, 1)):
        if successes <= 20:
            changed = json.loads(json.dumps(document))
            low, high = np.clip(wilson(successes, 20), 0, 1)
            changed["runs"][0]["accuracy"]["robust"] = {"value": successes / 20, "successes": successes, "trials": 20, "ci95": [low, high]}
            changed["runs"][0]["accuracy"]["robust_top5"] = {"value": 1.0, "successes": 20, "trials": 20, "ci95": list(np.clip(wilson(20, 20), 0, 1))}
            result = verify(tmp_path, changed)
            assert result.returncode == code, result.stdout + result.stderr


@pytest.mark.parametrize("place", ["/curves/0/mean_accuracy/value", "/curve_comparisons/0/p"])
def test_verify_recounts_curves(tmp_path, place):
    made = aigis("sweep", "--model", RESNET, "--model", f"{AIG}:gates=argmax", "--data", "synthetic:test=20", "--eps",
                 "2/255,8/255", "--gate-swap", "true", "--save-examples", 20, "--out", tmp_path / "r.json")
    assert made.returncode == 0, made.stderr
    document = report(tmp_path / "r.json")
    assert verify(tmp_path, document).returncode == 0
    *keys, last = [int(key) if key.isdigit() else key for key in place.split("/")[1:]]
    target = document
    for key in keys:
        target = target[key]
    target[last] = 0.123
    result = verify(tmp_path, document)
    assert result.returncode == 1 and place in result.stdout, result.stdout + result.stderr


def test_verify_misses_no_run(small):
    folder, document = small
    without_the_last_model = json.loads(json.dumps(document))
    gone = without_the_last_model["models"].pop()["id"]
    without_the_last_model["config"]["model"].remove(gone)
    without_the_last_model["runs"] = [run for run in document["runs"] if run["model"] != gone]
    without_the_last_model["comparisons"] = without_the_last_model["checks"] = []
    without_the_last_model["curves"] = without_the_last_model["curve_comparisons"] = []
    result = verify(folder, without_the_last_model)
    assert result.returncode == 1 and "4 runs; images of 8 were saved" in result.stdout, result.stdout
    for runs in (document["runs"][:-1], document["runs"] + document["runs"][-1:]):
        result = verify(folder, dict(document, runs=runs, comparisons=[], checks=[], curves=[], curve_comparisons=[]))
        assert result.returncode == 2 and "/runs/" in result.stderr and "/config" in result.stderr


def test_reports_of_an_earlier_version_lack_what_came_later(small):
    folder, document = small
    for earlier, code in ((of_version(document, "1.1"), 0), (json.loads(json.dumps(document)), 1)):
        for run in earlier["runs"]:
            del run["attack"]["options"]["loss"], run["perturbation"]["l1"]
        result = verify(folder, earlier)
        assert result.returncode == code, result.stdout + result.stderr


def test_verify_finds_checkpoints_from_the_reports_folder(tmp_path):
    """The report names checkpoints relative to where the sweep ran; the check may run elsewhere."""
    (tmp_path / "models").mkdir()
    (tmp_path / "results").mkdir()
    shutil.copy(AIG, tmp_path / "models/aig.safetensors")
    result = aigis("sweep", "--model", "models/aig.safetensors", "--data", "synthetic:test=20", "--eps", "8/255", "--save-examples", 20,
                   "--out", "results/r.json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert aigis("verify", tmp_path / "results/r.json", "--data", "synthetic:test=20", cwd="/").returncode == 0
    for other in (Path(RESNET).read_bytes(), b"\xff" + Path(AIG).read_bytes()[1:], b""):  # the latter two cannot be read
        (tmp_path / "models/aig.safetensors").write_bytes(other)
        result = aigis("verify", tmp_path / "results/r.json", "--data", "synthetic:test=20", cwd="/")
        assert result.returncode == 1 and "aig.safetensors: is not the checkpoint" in refusal_of(result), result


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
    (tmp_path / "s.json").write_text(json.dumps(of_version(report(tmp_path / "s.json"), "1.13")))
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


def test_a_transferred_attack_sees_the_other_model(tmp_path):
    result = aigis("evaluate", "--model", RESNET, "--model", AIG + ":gates=argmax", "--attack", "fgsm",
                   "--access", f"white-box,transfer:{RESNET}", "--access", f"transfer:{AIG}:gates=sampled,draws=2",
                   "--data", "synthetic:test=40", "--save-examples", 40, "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(tmp_path / "r.json")
    saved = load_file(tmp_path / document["runs"][0]["examples"]["file"])
    made = {(run["model"], run["access"]): (saved[f"{i}.images"], run) for i, run in enumerate(document["runs"])}
    assert len(made) == 6 and [s["id"] for s in document["surrogates"]] == [RESNET, f"{AIG}:gates=sampled,draws=2"]
    from_resnet = f"transfer:{RESNET}"
    assert torch.equal(made[RESNET, "white-box"][0], made[AIG + ":gates=argmax", from_resnet][0])
    assert torch.equal(made[RESNET, "white-box"][0], made[RESNET, from_resnet][0])
    assert not torch.equal(made[AIG + ":gates=argmax", "white-box"][0], made[AIG + ":gates=argmax", from_resnet][0])
    images, run = made[AIG + ":gates=argmax", from_resnet]
    labels = torch.arange(40) % 10
    logits = Reference(load_file(AIG), 8).forward(images.double(), None)[0]
    assert run["accuracy"]["robust"]["successes"] == (logits.argmax(1) == labels).sum().item()

    verified = aigis("verify", tmp_path / "r.json", "--data", "synthetic:test=40")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    document["surrogates"][0]["checkpoint"]["sha256"] = "0" * 64
    (tmp_path / "r.json").write_text(as_if_written(document))
    verified = aigis("verify", tmp_path / "r.json", "--data", "synthetic:test=40")
    assert verified.returncode == 1 and "its SHA-256 differs" in verified.stderr
    assert "cannot be read" in refused("evaluate", "--model", RESNET, "--access", "transfer:none.safetensors")
    assert "'transfer:'" in refused("evaluate", "--model", RESNET, "--access", "transfer:")
