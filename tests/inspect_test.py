"""inspect.json, counted once more in Python from the same weights, images and gate noise."""

import base64
import io
import json

import jsonschema
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from program import AIG, RESNET, ROOT, aigis, refused, report
from reference import Reference, gate_noise

COUNT, DRAWS, SEED, SHOWN = 60, 4, 3, 2


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspect")
    result = aigis("inspect", RESNET, f"{AIG}:draws={DRAWS}", "--data", f"synthetic:test={COUNT}", "--seed", SEED,
                   "--thumbnails", SHOWN, "--out", folder / "inspect.json")
    assert result.returncode == 0, result.stderr
    result = aigis("evaluate", "--model", RESNET, "--attack", "none", "--data", f"synthetic:test={COUNT}", "--eps", 0,
                   "--save-examples", COUNT, "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    images = load_file(folder / report(folder / "r.json")["runs"][0]["examples"]["file"])["0.images"]
    return report(folder / "inspect.json"), images


def passes(images, noises):
    """hits [draws, N] and gates [draws, N, L] of the gated model, at given noise; None stands for argmax."""
    model = Reference(load_file(AIG), 8)
    labels = torch.arange(COUNT) % 10
    hits, gates = [], []
    for noise in noises:
        logits, _, opened = model.forward(images.double(), noise)
        hits.append((logits.argmax(1) == labels).numpy())
        gates.append(opened.detach().numpy())
    return np.stack(hits), np.stack(gates)


def sampled(images):
    return passes(images, [gate_noise(SEED, "verdict_gates", range(COUNT), 3, draw=draw) for draw in range(DRAWS)])


def test_the_file_satisfies_its_schema(made):
    schema = json.loads((ROOT / "reports/schema/inspect.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(made[0])


def test_modes(made):
    document, images = made
    gated = document["models"][1]
    modes = {mode["mode"]: mode for mode in gated["modes"]}
    assert list(modes) == ["sampled", "argmax", "always", "scaled", "marginal"]
    costs = np.array([layer["macs"] for layer in gated["gates"]["layers"]])
    always = gated["macs"]["full"] - costs.sum()
    for name, (hits, gates) in {"sampled": sampled(images), "argmax": passes(images, [None])}.items():
        mode, ran = modes[name], gates.sum(2)
        assert mode["draws"] == len(hits)
        assert mode["accuracy"]["value"] == pytest.approx(hits.mean())
        assert mode["executed_layers"] == pytest.approx({"mean": ran.mean(), "deviation": ran.std()})
        assert mode["macs"] == pytest.approx(always + (gates.mean((0, 1)) * costs).sum())
    assert modes["always"]["executed_layers"] == {"mean": 3, "deviation": 0}
    plain = document["models"][0]
    assert plain["execution"] is None and [mode["mode"] for mode in plain["modes"]] == ["none"]


def test_execution_in_detail(made):
    document, images = made
    execution = document["models"][1]["execution"]
    _, gates = sampled(images)
    labels = np.arange(COUNT) % 10
    assert execution["per_layer"] == pytest.approx(gates.mean((0, 1)))
    for k in range(10):
        assert execution["per_class"][k] == pytest.approx(gates[:, labels == k].mean((0, 1)))
        assert all(low <= rate <= high for rate, (low, high) in
                   zip(execution["per_class"][k], execution["per_class_ci95"][k], strict=True))
    assert execution["histogram"] == np.bincount(gates.sum(2).astype(int).ravel(), minlength=4).tolist()
    for layer in range(3):
        # One-way analysis of variance, images as groups: between-group variance over the variance of a 0/1 variable.
        groups = gates[:, :, layer].T
        mean = groups.mean()
        within = groups.var(1, ddof=1).mean()
        between = groups.mean(1).var(ddof=1) - within / DRAWS
        told = execution["adaptivity"][layer]
        if mean in (0, 1):
            assert told == {"share": None, "ci95": None}
            continue
        assert told["share"] == pytest.approx(np.clip(between / (mean * (1 - mean)), 0, 1))
        assert told["ci95"][0] <= told["share"] <= told["ci95"][1]


def test_pictures_are_the_extreme_images(made):
    document, images = made
    _, gates = sampled(images)
    ran = gates.sum(2).mean(0)
    for k, ends in enumerate(document["models"][1]["execution"]["extremes"]):
        members = [i for i in range(COUNT) if i % 10 == k]
        ids = {end: [picture["id"] for picture in ends[end]] for end in ends}
        assert ids["fewest"] == sorted(members, key=lambda i: (ran[i], i))[:SHOWN]
        assert sorted(ran[ids["most"]], reverse=True) == sorted(ran[members], reverse=True)[:SHOWN]
        assert not set(ids["fewest"]) & set(ids["most"])
        for picture in ends["fewest"] + ends["most"]:
            assert picture["layers"] == pytest.approx(ran[picture["id"]])
            seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture["jpeg"]))).convert("RGB"), dtype=float)
            true = images[picture["id"]].permute(1, 2, 0).numpy() * 255
            assert seen.shape == true.shape and np.abs(seen - true).mean() < 6


def test_one_mode_alone_and_what_is_refused(made, tmp_path):
    out = tmp_path / "one.json"
    assert aigis("inspect", AIG + ":gates=argmax", "--data", "synthetic:test=20", "--out", out).returncode == 0
    model = report(out)["models"][0]
    assert [mode["mode"] for mode in model["modes"]] == ["argmax"] and model["execution"]["adaptivity"] == []
    before = out.read_bytes()
    assert "needs --data" in refused("inspect", AIG, "--out", out)
    assert "given twice" in refused("inspect", AIG, AIG, "--data", "synthetic:test=20", "--out", out)
    assert "--limit: -1 is too small" in refused("inspect", AIG, "--data", "synthetic:test=20", "--limit", -1)
    assert out.read_bytes() == before
    other = tmp_path / "train.json"
    other.write_bytes((ROOT / "models/synthetic-aig-8.train.json").read_bytes())
    assert "choose another --out" in refused("inspect", AIG, "--data", "synthetic:test=20", "--out", other)


def test_whole_numbers_are_decimal():
    assert "on 10 test images" in aigis("inspect", RESNET, "--data", "synthetic:test=12", "--limit", "010").stdout
