"""What a user gets wrong costs one line and exit code 2."""

import os
import subprocess
from pathlib import Path

import pytest

from program import AIG, PROGRAM, RESNET, aigis, refused, report

POINT = ("--data", "synthetic:test=20")
FEW = {"evaluate": POINT, "train": ("--data", "synthetic:train=20")}  # images, which may be made before the refusal


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (("evaluate", "--model", RESNET, "--attack", "fgms"), "unknown attack 'fgms'; did you mean 'fgsm'?"),
        (("evaluate", "--model", RESNET, "--defense", "jepg"), "unknown defense 'jepg'; did you mean 'jpeg'?"),
        (("evaluate", "--model", RESNET, "--data", "cifar"), "unknown data set 'cifar'"),
        (("evaluate", "--model", RESNET, "--eps", "8/0"), "epsilon: '8/0' divides by zero"),
        (("evaluate", "--model", RESNET, "--eps=-1/255"), "epsilon: -1/255 is out of range"),
        (("evaluate", "--model", RESNET, "--eps", "8"), "epsilon: 8 is out of range"),
        (("evaluate", "--model", RESNET, "--eps", "1/255,1/255"), "given twice"),
        (("evaluate", "--model", RESNET, "--norm", "l7"), "unknown norm 'l7'"),
        (("evaluate", "--model", RESNET, "--access", "whitebox"), "did you mean 'white-box'?"),
        (("evaluate", "--model", RESNET, "--defense", "jpeg:quality=0"), "option 'quality': 0 is out of range; expected 1 to 100"),
        (("evaluate", "--model", RESNET, "--attack", "fgsm:steps=3"), "attack 'fgsm': unknown option 'steps'"),
        (("train", "--model", "aig-8:gates=argmax", "--out", "/nonexistent/x"), "option 'gates' acts at inference"),
        (("train", "--model", "resnet-8", "--data", "synthetic:part=held_out", "--out", "/nonexistent/x"), "option 'part' is for evaluations"),
        (("evaluate", "--model", RESNET, "--data", "synthetic:part=train"), "option 'part': 'train' is not one of test, held_out"),
        (("train", "--model", "resnet-8", "--trades", "6", "--out", "/nonexistent/x"), "trades needs an adversary"),
        (("train", "--model", "resnet-8", "--adversary-eps", "4/255", "--out", "/nonexistent/x"), "adversary_eps needs an adversary"),
        (("bench", "skipping", "--model", "aig-8:target_rate=1", "--batches", "2"), "has no gates to close"),
        (("bench", "skipping", "--model", "aig-8:execution=mask", "--batches", "2"), "model 'aig-8:execution=mask': skipping compares two ways of execution; expected --execution skip"),
        (("bench", "skipping", "--model", AIG + ":execution=bucket", "--batches", "2"), "skipping compares two ways of execution; expected --execution bucket"),
        (("evaluate", "--model", AIG, "--attack", "pgd:target=10"), "the model has no class 10; expected 0 to 9"),
        (("evaluate", "--model", AIG, "--norm", "l2"), "--eps is missing"),
        (("evaluate", "--model", AIG, "--norm", "l3", "--eps", "1"), "unknown norm 'l3'"),
        (("evaluate", "--model", AIG, "--latency", "true"), "expected a model with execution=skip"),
        (("evaluate", "--model", RESNET, "--latency", "true"), "no model has gates"),
        (("evaluate", "--model", AIG, "--nested", "yes"), "--nested: 'yes' is not one of true, false"),
        (("evaluate", "--model", AIG, "--gate-swap", "yes"), "--gate-swap: 'yes' is not one of true, false"),
        (("evaluate", "--model", AIG, "--attack", "fmn", "--norm", "l0", "--eps", "8/255"), "expected a whole number of pixel values"),
        (("evaluate", "--model", AIG, "--attack", "fmn", "--norm", "l0", "--eps=-1"), "epsilon: -1 is out of range; expected 0 to 1000000 pixel values, such as 12"),
        (("evaluate", "--model", AIG, "--attack", "pgd", "--norm", "l0", "--eps", "12"), "does not exist in the norm l0; expected linf, l2, l1"),
        (("evaluate", "--model", AIG, "--attack", "pgd:preset=torchattacks", "--norm", "l2", "--eps", "0.5"), "attack 'pgd': preset=torchattacks is for the norm linf, not l2; expected torchattacks-l2, foolbox-l2, none"),
        (("train", "--model", "resnet-8", "--adversary", "pgd:preset=foolbox-l2", "--out", "OUT"), "preset=foolbox-l2 is for the norm l2, not linf; expected torchattacks, foolbox, art, none"),
        (("evaluate", "--model", AIG, "--attack", "fgsm:loss=kl"), "attack 'fgsm': option 'loss': 'kl' is not one of ce, margin, dlr"),
        (("evaluate", "--model", RESNET, "--attack", "gate-sloth"), "attack 'gate-sloth': the model 'resnet-8' has no gates; expected"),
        (("evaluate", "--model", AIG + ":gates=budget,layers=1", "--attack", "gate-flip"), "attack 'gate-flip': with gates=budget no gate flips alone"),
        (("evaluate", "--model", AIG + ":gates=argmax", "--attack", "gate-reroute:gates=fixed-graph"), "expected gates=straight-through or gates=relaxed"),
        (("evaluate", "--model", AIG, "--attack", "bim:step_size=0.01,relative_step_size=0.5"), "is for step_size=0; with step_size=0.01 it would change nothing"),
        (("evaluate", "--model", AIG, "--attack", "pgd:step_size=0"), "attack 'pgd': option 'step_size': 0 leaves it to relative_step_size; expected a positive number, or relative_step_size beside it"),
        (("evaluate", "--model", AIG, "--attack", "gate-sloth:step_size=0"), "option 'step_size': 0 leaves it to relative_step_size"),
        (("evaluate", "--model", AIG, "--attack", "square:queries=0"), "option 'queries': 0 is out of range; expected 1 to"),
        (("evaluate", "--model", AIG, "--attack", "apgd-ce:larger_budgets=true"), "attack 'apgd-ce': larger_budgets=true is for the norm l1, not linf; expected larger_budgets=false"),
        (("list", "attacks", "pdg"), "unknown name 'pdg'; did you mean 'pgd'?"),
        (("evaluate", "--model", AIG, "--attack", "gate-hijack:class=10"), "option 'class': 10; expected 0 to 9"),
        (("evaluate", "--model", AIG, "--attack", "pgd:band=0.5,amplification=2"), "without amplification"),
        (("evaluate", "--model", AIG, "--attack", "pi-fgsm", "--norm", "l1", "--eps", "1"), "attack 'pi-fgsm': amplification above 0 is for the norm linf, not l1; expected the norm linf, or amplification=0"),
        (("evaluate", "--model", AIG, "--attack", "pgd:preset=foolbox-l2,amplification=2", "--norm", "l0", "--eps", "12"), "attack 'pgd': amplification above 0 is for the norm linf, and preset=foolbox-l2 is for the norm l2, not linf; expected torchattacks, foolbox, art, none, or amplification=0"),
        (("train", "--model", "aig-8", "--data", "synthetic", "--adversary", "gate-hijack", "--out", "x"), "such as pgd"),
        (("evaluate", "--model", AIG, "--attack", "ti-fgsm:translation=4"), "expected an odd number"),
        (("evaluate", "--model", AIG + ":gates=argmx"), "option 'gates': 'argmx' is not one of sampled, argmax"),
        (("evaluate", "--model", AIG + ":target_rate=0.5"), "unknown option of a trained aig-8 'target_rate'; known: gates, draws, graph, layers, execution, gates=frozen, noise, gradients, passes"),
        (("evaluate", "--model", RESNET + ":gates=frozen"), "unknown option of a trained resnet-8 'gates'; known: gradients, passes"),
        (("bench", "inference", "--model", RESNET + ":gradients=bf16", "--batch", "2"), "unknown option of a trained resnet-8 'gradients'; known: passes"),
        (("inspect", RESNET + ":passes=eager"), "unknown option of a trained resnet-8 'passes'; none is taken here"),
        (("evaluate", "--model", RESNET + ":passes=recorded"), "passes=recorded: a recording is a CUDA graph; expected --device cuda, or passes=eager"),
        (("evaluate", "--model", RESNET + ":passes=taped"), "passes: 'taped' is not one of eager, recorded"),
        (("bench", "attack", "--model", "resnet-8:passes=recorded", "--batch", "2"), "a recording is a CUDA graph; expected --device cuda, or passes=eager"),
        (("evaluate", "--model", "resnet-20"), "is an architecture without weights"),
        (("evaluate", "--model", "rensnet-20"), "unknown model 'rensnet-20'; did you mean 'resnet-20'?"),
        (("evaluate", "--model", "a\nb\x1b[1m"), r"unknown model 'a\nb\x1b[1m'; known: resnet-20"),
        (("evaluate", "--model", "no/such.safetensors"), "no/such.safetensors: cannot be read"),
        (("evaluate", "--model", "/tmp/"), "is a folder"),
        (("evaluate",), "no model is given"),
        (("evaluate", "--model", RESNET, "--limit", "ten"), "'ten' is not a whole number"),
        (("evaluate", "--model", RESNET, "--batch", "-1"), "--batch: -1 is too small"),
        (("evaluate", "--model", RESNET, "--out", "/proc/aigis/report.json", *POINT), "/proc/aigis"),
        (("sweep", "--model", RESNET), "--out is missing"),
        (("train", "--model", "resnet-21", "--out", "OUT"), "depth 21: expected 6n+2"),
        (("train", "--model", "aig-8:target_rate=1.2", "--out", "OUT"), "option 'target_rate': 1.2 is out of range"),
        (("train", "--model", "resnet-8", "--cuda-graph", "true", "--out", "OUT"), "cuda_graph=true: a recording is a CUDA graph; expected --device cuda, or cuda_graph=false"),
        (("bench", "training", "--model", "resnet-8", "--cuda-graph", "--batch", "2"), "cuda_graph=true: a recording is a CUDA graph; expected --device cuda, or cuda_graph=false"),
        (("train", "--epochs", "0", "--out", "OUT"), "option 'epochs': 0 is out of range"),
        (("train", "--schedule", "step", "--epochs", "3", "--milestones", "1:200", "--out", "OUT"), "milestones: 200 never comes in 3 epochs; expected numbers below 3"),
        (("train", "--time-limit", "soon", "--out", "OUT"), "'soon' is not a duration"),
        (("train", "--data", "cifar10:/no/where", "--out", "OUT"), "/no/where/data_batch_1.bin: cannot be read"),
        (("list", "models", "aig-21"), "unknown name 'aig-21'; did you mean 'aig-20'?"),
        (("inspect", RESNET, *POINT, "--limit", "1e0"), "--limit: '1e0' is not a whole number"),
        (("inspect", RESNET, *POINT, "--limit", "99999999999999999999"), "--limit: '99999999999999999999' is not a whole number"),
        (("bench", "attack", "--model", "resnet-8", "--batch", "0x2"), "--batch: '0x2' is not a whole number"),
        (("inspect", "torchscript:e.pt,input=3x32x32"), "model 'torchscript:e.pt,input=3x32x32': inspect takes checkpoints of aigis"),
        (("list", "atacks"), "did you mean 'attacks'?"),
        (("plot", "no.json", "--out", "a.html"), "no.json"),
        (("evaluate", "--model", RESNET, "--out", "/dev/full", *POINT), "/dev/full: is a device"),
        (("evaluate", "--model", RESNET, "--defense", "jpeg", "--defense", "jpeg"), "defense 'jpeg' is given twice"),
        (("evaluate", "--model", RESNET, *POINT, "--access", f"transfer:{AIG},transfer:{AIG}"), f"access 'transfer:{AIG}' is given twice"),
        (("train", "--limit=-5", "--out", "OUT"), "--limit: -5 is too small"),
        (("train", "--adversary", "pdg", "--out", "OUT"), "unknown attack 'pdg'; did you mean 'pgd'?"),
        *((("train", "--adversary", adversary, "--mixup", "0.2", "--out", "OUT"), f"adversary '{adversary}': mixup gives an image two labels; expected one with loss=kl, keep=last and restarts=1")
          for adversary in ("pgd", "pgd:loss=kl,keep=best", "pgd:loss=kl,restarts=2", "apgd-ce:loss=kl", "noise", "gate-sloth")),
        *((("train", "--model", model, "--adversary", adversary, "--out", "OUT"), f"attack '{adversary}': the model '{model.split(':')[0]}' has no gates; expected")
          for model, adversary in (("resnet-8", "gate-sloth"), ("resnet-8", "gate-flip"), ("resnet-8", "gate-joint"), ("aig-8:target_rate=1", "gate-sloth"))),
        (("train", "--limit", "1", "--out", "OUT"), "1 training images; expected at least 2"),
        (("swep",), "unknown command 'swep'; did you mean 'sweep'?"),
        (("evaluate", "--modle", RESNET), "unknown flag of 'aigis evaluate' '--modle'; did you mean '--model'?"),
    ],
)
def test_one_line_and_exit_code_2(arguments, expected, tmp_path):
    few = () if "--data" in arguments else FEW.get(arguments[0], ())
    arguments = [*(str(tmp_path / "out") if a == "OUT" else a for a in arguments), *few]
    assert expected in refused(*arguments)
    assert list(tmp_path.iterdir()) == []


def test_mixup_goes_with_an_adversary_that_heeds_no_label(tmp_path):
    result = aigis("train", "--model", "resnet-8", "--data", "synthetic:train=40", "--epochs", "1", "--mixup", "0.2", "--trades", "6",
                   "--adversary", "pgd:steps=1,loss=kl", "--out", tmp_path / "out")  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_cuda_without_a_gpu():
    if Path("/dev/nvidia0").exists():
        pytest.skip("this machine has a GPU")
    assert "device 'cuda'" in refused("evaluate", "--model", RESNET, "--device", "cuda")


@pytest.mark.parametrize(
    "text, expected",
    [
        ('{"epz": "8/255"}', "unknown key 'epz'; did you mean 'eps'?"),
        ('{"eps": "8/255"', "not JSON: it ends too early"),
        ('{"eps": "8/255", "eps": "0"}', "key 'eps' is given twice"),
        pytest.param('{"eps": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested more than 64 levels deep", id="deep"),
        ('{"eps": {"a": 1}}', "key 'eps': expected text or a number"),
        ('{"seed": [1, 2]}', "key 'seed': expected one value"),
        ('{"attack": []}', "key 'attack': expected at least one value"),
        ("[1]", "expected a JSON object"),
    ],
)
def test_configs(text, expected, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(text)
    line = refused("evaluate", config, "--model", RESNET, *POINT)
    assert str(config) in line and expected in line


def test_names_that_no_report_could_hold(tmp_path):
    """A report is UTF-8; a name that is not must be refused before the work and not after it."""
    raw = os.fsencode(tmp_path) + b"/caf\xe9"
    for arguments in ([b"--out", raw + b".json"], [b"--data", b"imagefolder:" + raw]):
        result = subprocess.run([PROGRAM, "evaluate", "--model", RESNET, *arguments], capture_output=True)
        assert result.returncode == 2 and b"is not UTF-8 text" in result.stderr
    for part in (b"train", b"val"):
        os.makedirs(os.fsencode(tmp_path) + b"/images/" + part + b"/caf\xe9")
        os.makedirs(os.fsencode(tmp_path) + b"/images/" + part + b"/tea")
    result = subprocess.run([PROGRAM, "evaluate", "--model", RESNET, "--data", f"imagefolder:{tmp_path}/images,size=32"], capture_output=True)
    assert result.returncode == 2 and b"name of this class is not UTF-8" in result.stderr


def test_every_gate_mode_makes_a_report(tmp_path):
    modes = ("sampled", "argmax", "always", "fixed,graph=101", "scaled", "marginal", "budget,layers=2")
    models = [word for mode in modes for word in ("--model", f"{AIG}:gates={mode}")]
    result = aigis("evaluate", *models, "--data", "synthetic:test=20", "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    assert [model["gates"]["mode"] for model in report(tmp_path / "r.json")["models"]] == [mode.split(",")[0] for mode in modes]


def test_flags_win_and_paths_are_relative_to_the_config(tmp_path):
    os.symlink(RESNET, tmp_path / "weights.safetensors")
    config = tmp_path / "config.json"
    config.write_text('// a comment\n{"$schema": "x", "model": "weights.safetensors", "eps": ["1/255"], "data": "synthetic:test=20"}')
    result = aigis("evaluate", config, "--eps", "2/255", "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    assert report(tmp_path / "r.json")["config"]["eps"] == [2 / 255]


def test_numbers_beyond_all_range(tmp_path):
    (tmp_path / "c.json").write_text('{"eps": 1e999}')
    assert "c.json: not usable JSON" in refused("evaluate", tmp_path / "c.json", "--model", RESNET)
    assert "c.json: not usable JSON" in refused("plot", tmp_path / "c.json", "--out", tmp_path / "p.html")
