"""Attacks with a target and transferred ones, counted once more in Python."""

import torch
from safetensors.torch import load_file

from program import AIG, RESNET, aigis, as_if_written, refused, report
from reference import Reference

COUNT = 60


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
