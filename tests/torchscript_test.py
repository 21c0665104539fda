"""TorchScript both ways: what `aigis export` writes as other programs read it, and other programs' models here."""

import json

import pytest
import torch
import torchvision
from safetensors.torch import load_file

from program import AIG, RESNET, aigis, refused
from reference import Reference, read_metadata
from scripted import Net, evaluated, saved

MEAN, STD = [0.49, 0.48, 0.45], [0.25, 0.24, 0.26]
NORMALIZED = "input=3x32x32,mean=" + ":".join(map(str, MEAN)) + ",std=" + ":".join(map(str, STD))


@pytest.mark.parametrize("options", ["", "gates=argmax", "gates=always", "gates=scaled", "gates=fixed,graph=101", "gates=budget,layers=2"])
def test_an_exported_network_is_the_network(options, tmp_path):
    source = AIG if options else RESNET
    spec = f"{source}:{options}" if options else source
    result = aigis("export", spec, "--out", tmp_path / "net.pt")
    assert result.returncode == 0, result.stderr
    module, state = torch.jit.load(tmp_path / "net.pt"), load_file(source)
    assert not module.training
    assert sorted(module.state_dict()) == sorted(state)
    assert all(torch.equal(tensor, state[name]) for name, tensor in module.state_dict().items())

    words = dict(word.split("=") for word in options.split(",")) if options else {}
    mode = words.get("gates", "argmax")
    rates = json.loads(read_metadata(source).get("execution_rates", "null"))
    graph = [int(digit) for digit in words["graph"]] if "graph" in words else None
    reference = Reference(state, 8, dtype=torch.float32)
    torch.manual_seed(1)
    for count in (1, 5):
        images = torch.rand(count, 3, 32, 32, requires_grad=True)
        logits = module(images)
        expected = reference.forward(images, None, mode=mode, rates=rates, graph=graph, to_run=int(words.get("layers", 0)))[0]
        assert torch.allclose(logits, expected, atol=1e-4)
        weights = torch.rand(count, 10)
        given, wanted = (torch.autograd.grad((y * weights).sum(), images)[0] for y in (logits, expected))
        assert torch.allclose(given, wanted, atol=1e-4 * wanted.abs().max())

    own, images = evaluated(spec, tmp_path)
    scripted, other_images = evaluated(f"torchscript:{tmp_path / 'net.pt'}", tmp_path)
    for key in ("robust", "clean", "robust_quantized"):
        assert scripted["runs"][0]["accuracy"][key] == own["runs"][0]["accuracy"][key]
    # Gates that decide nothing leave no trace.
    unused = 0 if mode not in ("always", "scaled") else sum(layer["gate_macs"] for layer in own["models"][0]["gates"]["layers"])
    assert scripted["models"][0]["macs"]["full"] == own["models"][0]["macs"]["full"] - unused
    assert (images["0.images"] - other_images["0.images"]).abs().mean() < 1e-3  # a step where a gradient is near 0 may differ


@pytest.mark.parametrize("form", ["script", "trace"])
def test_a_models_own_file(form, tmp_path):
    net = Net()  # in training mode, as its owner forgot
    if form == "trace":
        torch.jit.save(torch.jit.trace(net.eval(), torch.rand(4, 3, 32, 32)), tmp_path / "net.pt")
    else:
        saved(net, tmp_path / "net.pt")
    document, images = evaluated(f"torchscript:{tmp_path / 'net.pt'},{NORMALIZED}", tmp_path)
    (model,), (run,) = document["models"], document["runs"]
    assert model["architecture"] == "torchscript"
    assert model["parameters"] == sum(p.numel() for p in net.parameters())
    assert model["macs"]["full"] == 8 * 27 * 16 * 16 + 128 * 10
    labels, column = torch.arange(40) % 10, lambda numbers: torch.tensor(numbers).view(3, 1, 1)
    logits = net.eval()((images["0.images"] - column(MEAN)) / column(STD))
    assert run["accuracy"]["robust"]["successes"] == (logits.argmax(1) == labels).sum().item()
    assert run["queries"]["backward"] > 0 and not [flag for flag in run["flags"] if flag["check"] == "zero-gradient"]
    result = aigis("verify", tmp_path / "r.json", "--data", "synthetic:test=40")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_logits_of_any_precision_are_attacked(dtype, tmp_path):
    class Cast(Net):
        def forward(self, x):
            return self.body(x).to(dtype)

    path = tmp_path / "net.pt"
    torch.jit.save(torch.jit.trace(Cast().eval(), torch.rand(2, 3, 32, 32)), path)
    attacks = ("autoattack:steps=3,queries=5", "pgd:steps=2,restarts=2", "spsa:steps=2,pairs=2", "deepfool")
    result = aigis("evaluate", "--model", f"torchscript:{path},input=3x32x32", *[word for attack in attacks for word in ("--attack", attack)],
                   "--data", "synthetic:test=8", "--checks", "off")
    assert result.returncode == 0, result.stderr


def resnet_18(images):
    """torchvision's, with fresh weights and BatchNorm statistics of the images: an untrained network in which nothing dies out."""
    torch.manual_seed(0)
    net = torchvision.models.resnet18(num_classes=4)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # an average, which one batch fills
    with torch.no_grad():
        net(images)
    return net.eval().requires_grad_(False)


def test_a_network_for_imagenets_images(tmp_path):
    column = lambda numbers: torch.tensor(numbers).view(3, 1, 1)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(4, 3, 7, 7, generator=generator)  # white noise looks alike to a network that averages
    pixels = (torch.nn.functional.interpolate(coarse, (224, 224), mode="bicubic").clamp(0, 1) * 255).round().byte()
    for label, image in enumerate(pixels):
        for part in ("train", "val"):
            folder = tmp_path / "images" / part / "abcd"[label]
            folder.mkdir(parents=True)
            torchvision.io.write_png(image, str(folder / "0.png"))
    images = (pixels.float() / 255).requires_grad_()
    normalized = (images - column(mean)) / column(std)
    net = resnet_18(normalized.detach())
    torch.jit.save(torch.jit.trace(net, torch.rand(1, 3, 224, 224)), tmp_path / "net.pt")

    spec = f"torchscript:{tmp_path / 'net.pt'},input=3x224x224,mean={':'.join(map(str, mean))},std={':'.join(map(str, std))}"
    document, examples = evaluated(spec, tmp_path, "--attack", "fgsm", "--eps", "1/255", "--data", f"imagefolder:{tmp_path / 'images'},size=224")
    (model,), (run,) = document["models"], document["runs"]
    assert model["parameters"] == sum(p.numel() for p in net.parameters())
    assert model["macs"]["full"] == 1_814_073_344 - 512 * 996  # torchvision's number, with 4 classes of 1000

    labels = torch.arange(4)
    logits = net(normalized)
    assert run["accuracy"]["clean"]["successes"] == (logits.argmax(1) == labels).sum().item()
    gradient = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"), images)[0]
    expected = (images + gradient.sign() / 255).clamp(0, 1).detach()
    made = examples["0.images"]
    assert ((made - expected).abs() < 1e-6).float().mean() > 0.999  # rounding may turn a gradient near 0
    attacked = net((made - column(mean)) / column(std)).argmax(1)
    assert run["accuracy"]["robust"]["successes"] == (attacked == labels).sum().item()


def test_export_refuses_what_it_cannot_write(tmp_path):
    out = tmp_path / "net.pt"
    assert "expected gates=argmax" in refused("export", AIG, "--out", out)
    assert "expected the path of a checkpoint" in refused("export", "resnet-20", "--out", out)
    assert "cannot be read" in refused("export", tmp_path / "none.safetensors", "--out", out)
    assert not out.exists()
    out.write_text("kept")
    assert "is no TorchScript file" in refused("export", RESNET, "--out", out)
    assert out.read_text() == "kept"
    torch.save({"weight": torch.ones(3)}, out)  # an archive, too
    kept = out.read_bytes()
    assert "is no TorchScript file" in refused("export", RESNET, "--out", out)
    assert out.read_bytes() == kept


def test_export_replaces_what_it_wrote(tmp_path):
    out = tmp_path / "net.pt"
    for _ in range(2):
        assert aigis("export", RESNET, "--out", out).returncode == 0
