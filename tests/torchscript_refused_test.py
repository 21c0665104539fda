"""TorchScript files and models that cannot be attacked, or cannot be read, and what can although it seems so."""

import json
import zipfile

import pytest
import torch

from program import RESNET, aigis, refused
from scripted import Net, evaluated, saved


class Constant(Net):
    def forward(self, x):
        return self.body(x).detach()


class Pair(Net):
    def forward(self, x):
        return self.body(x), x


class Named(Net):
    def forward(self, x):
        return {"logits": self.body(x)}


class Double(Net):
    def __init__(self):
        super().__init__()
        self.double()


class Converting(Double):
    def forward(self, x):
        return self.body(x.double()).float()


class Noisy(Net):
    def forward(self, x):
        return self.body(x + 0.1 * torch.rand_like(x))


class Neighbours(Net):
    def forward(self, x):
        return self.body(x - x.mean(0))


class Squeezed(Net):
    """A batch of one image is taken for that image."""

    def forward(self, x):
        return self.body(x).squeeze()


class AtMostFour(Net):
    def forward(self, x):
        assert x.size(0) < 5
        return self.body(x)


class Image(Net):
    def forward(self, x):
        return x


class Rounded(Net):
    def forward(self, x):
        return self.body(torch.round(x * 255) / 255)


class Infinite(Net):
    def forward(self, x):
        return self.body(x) + torch.sqrt(x - x).sum()


class Probabilities(Net):
    """Their sum does not change, though each of them does."""

    def forward(self, x):
        return torch.softmax(self.body(x), 1)


class Saturated(Net):
    """Flat wherever a pixel value is bright or dark, as some are in every image of much contrast."""

    def forward(self, x):
        return self.body(x) * ((x - 0.5).abs().amax((1, 2, 3)) < 0.3).to(x.dtype).view(-1, 1)


def quantized():
    return torch.ao.quantization.quantize_dynamic(Net().eval(), {torch.nn.Linear})


REFUSED = [(Constant, "cannot be differentiated: no gradient leads"), (Rounded, "cannot be differentiated: the gradient"),
           (Infinite, "cannot be differentiated: the gradient"), (Pair, "answers 2 images with Tuple[Tensor, Tensor]; expected logits [2, K]"),
           (Named, "answers 2 images with Dict[str, Tensor]; expected logits [2, K]"),
           (Double, "; its parameter 'body.0.weight' is Double, expected Float (float32), as images are"), (Noisy, "differently twice"),
           (Neighbours, "depends on the images beside it"), (Squeezed, "net.pt: answers one image with [10]; expected logits [1, 10]"),
           (Image, "expected logits [2, K]"),
           (quantized, "cannot be differentiated: the gradient")]


@pytest.mark.parametrize("kind, reason", REFUSED)
def test_what_cannot_be_attacked_is_refused(kind, reason, tmp_path):
    path = saved(kind().eval(), tmp_path / "net.pt")
    assert reason in refused("evaluate", "--model", f"torchscript:{path},input=3x32x32", "--data", "synthetic:test=2")


def test_a_model_that_fails_in_a_run_is_named_with_the_reason(tmp_path):
    path = saved(AtMostFour().eval(), tmp_path / "net.pt")
    result = aigis("evaluate", "--model", f"torchscript:{path},input=3x32x32", "--data", "synthetic:test=8")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"aigis: {path}: fails on 8 images of 3x32x32: RuntimeError: AssertionError"


@pytest.mark.parametrize("kind", [Converting, Probabilities, Saturated])
def test_what_can_be_attacked_somewhere_is_taken(kind, tmp_path):
    path = saved(kind().eval(), tmp_path / "net.pt")
    evaluated(f"torchscript:{path},input=3x32x32", tmp_path)


@pytest.mark.parametrize("old, new, reason", [("torch.mul(", "torch.mulnew(", "aten::mulnew"), ("torch.mul(", "ops.mine.mul(", "mine::mul"),
                                              ("torch.mul(", "torch.mul)(", "expected")])
def test_code_that_libtorch_cannot_read_is_refused(old, new, reason, tmp_path):
    class Scaled(Net):
        def forward(self, x):
            return self.body(x) * 2.0

    saved(Scaled().eval(), tmp_path / "good.pt")
    with zipfile.ZipFile(tmp_path / "good.pt") as good, zipfile.ZipFile(tmp_path / "bad.pt", "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            bad.writestr(name, content.replace(old.encode(), new.encode()) if name.endswith(".py") else content)
        assert any(old.encode() in good.read(name) for name in good.namelist() if name.endswith(".py"))
    line = refused("evaluate", "--model", f"torchscript:{tmp_path / 'bad.pt'},input=3x32x32", "--data", "synthetic:test=2")
    assert "bad.pt: is no TorchScript file (" in line and reason in line


def test_as_many_names_of_classes_as_logits_are_expected(tmp_path):
    for names, is_taken in ((10, True), (0, True), (3, False), (11, False)):
        facts = {"architecture": "net", "input": [3, 32, 32], "classes": [f"class {i}" for i in range(names)]}
        path = tmp_path / f"{names}.pt"
        torch.jit.save(torch.jit.script(Net().eval()), path, _extra_files={"aigis.json": json.dumps(facts)})
        if is_taken:
            evaluated(f"torchscript:{path}", tmp_path)
        else:
            line = refused("evaluate", "--model", f"torchscript:{path}", "--data", "synthetic:test=2")
            assert f"{path}: its entry 'aigis.json' names {names} classes, and it answers with 10 logits; expected a name for each" in line


def test_wrong_files_and_options_are_refused(tmp_path):
    net = saved(Net(), tmp_path / "net.pt")
    with zipfile.ZipFile(tmp_path / "other.pt", "w") as archive:
        archive.writestr("notes.txt", "no model")
    (tmp_path / "text.pt").write_text("no model")
    (tmp_path / "cut.pt").write_bytes(net.read_bytes()[:2000])
    exported = tmp_path / "exported.pt"
    assert aigis("export", RESNET, "--out", exported).returncode == 0
    for spec, reason in [
        (f"torchscript:{tmp_path / 'other.pt'},input=3x32x32", "is no TorchScript file (file in archive is not in a subdirectory: notes.txt)"),
        (f"torchscript:{tmp_path / 'text.pt'},input=3x32x32", "is no TorchScript file"),
        (f"torchscript:{tmp_path / 'cut.pt'},input=3x32x32", "is no TorchScript file"),
        (f"torchscript:{tmp_path / 'none.pt'},input=3x32x32", "cannot be read"),
        ("torchscript", "the file is missing"),
        (f"torchscript:{net}", "expected input=CxHxW"),
        (f"torchscript:{net},input=32x32", "expected input=CxHxW"),
        (f"torchscript:{net},input=3x0x32", "expected input=CxHxW"),
        (f"torchscript:{net},input=1x32x32", "fails on 2 images of 1x32x32"),
        (f"torchscript:{net},input=3x10000000x10000000", "fails on images of 3x10000000x10000000: DefaultCPUAllocator: can't allocate memory"),
        (f"torchscript:{net},input=3x64x64", "takes 3x64x64 images"),
        (f"torchscript:{net},input=3x32x32,mean=0.5", "1 numbers; expected 3"),
        (f"torchscript:{net},input=3x32x32,mean=0.5:0.5:0.5", "std: 0 numbers; expected 3"),
        (f"torchscript:{net},input=3x32x32,means=1", "unknown option 'means'"),
        (f"torchscript:{exported},input=3x32x32", "expected no options"),
    ]:
        assert reason in refused("evaluate", "--model", spec, "--data", "synthetic:test=2"), spec
