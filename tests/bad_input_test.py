"""What a user gets wrong costs one line and exit code 2, and nothing that was there is lost."""

import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from program import AIG, PROGRAM, RESNET, aigis, refused, report
from reference import read_metadata

POINT = ("--data", "synthetic:test=20")


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
        (("evaluate", "--model", AIG, "--attack", "pgd:target=10"), "the model has no class 10; expected 0 to 9"),
        (("evaluate", "--model", AIG, "--norm", "l2"), "--eps is missing"),
        (("evaluate", "--model", AIG, "--norm", "l3", "--eps", "1"), "unknown norm 'l3'"),
        (("evaluate", "--model", AIG, "--latency", "true"), "expected a model with execution=skip"),
        (("evaluate", "--model", RESNET, "--latency", "true"), "no model has gates"),
        (("evaluate", "--model", AIG, "--nested", "yes"), "--nested: 'yes' is not one of true, false"),
        (("evaluate", "--model", AIG, "--gate-swap", "yes"), "--gate-swap: 'yes' is not one of true, false"),
        (("evaluate", "--model", AIG, "--attack", "fmn", "--norm", "l0", "--eps", "8/255"), "expected a whole number of pixel values"),
        (("evaluate", "--model", AIG, "--attack", "pgd", "--norm", "l0", "--eps", "12"), "does not exist in the norm l0; expected linf, l2, l1"),
        (("evaluate", "--model", AIG, "--attack", "pgd:preset=torchattacks", "--norm", "l2", "--eps", "0.5"), "attack 'pgd': preset=torchattacks is for the norm linf, not l2; expected torchattacks-l2, foolbox-l2, none"),
        (("train", "--model", "resnet-8", "--adversary", "pgd:preset=foolbox-l2", "--out", "OUT"), "preset=foolbox-l2 is for the norm l2, not linf; expected torchattacks, foolbox, art, none"),
        (("evaluate", "--model", AIG, "--attack", "fgsm:loss=kl"), "attack 'fgsm': option 'loss': kl has no slope at the clean image; expected ce, margin or dlr"),
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
        (("train", "--model", "aig-8", "--data", "synthetic", "--adversary", "gate-hijack", "--out", "x"), "such as pgd"),
        (("evaluate", "--model", AIG, "--attack", "ti-fgsm:translation=4"), "expected an odd number"),
        (("evaluate", "--model", AIG + ":gates=argmx"), "option 'gates': 'argmx' is not one of sampled, argmax"),
        (("evaluate", "--model", AIG + ":target_rate=0.5"), "unknown option of a trained aig-8 'target_rate'"),
        (("evaluate", "--model", RESNET + ":passes=recorded"), "passes=recorded: a recording is a CUDA graph; expected --device cuda, or passes=eager"),
        (("evaluate", "--model", RESNET + ":passes=taped"), "passes: 'taped' is not one of eager, recorded"),
        (("bench", "attack", "--model", "resnet-8:passes=recorded", "--batch", "2"), "a recording is a CUDA graph; expected --device cuda, or passes=eager"),
        (("evaluate", "--model", "resnet-20"), "is an architecture without weights"),
        (("evaluate", "--model", "rensnet-20"), "unknown model 'rensnet-20'; did you mean 'resnet-20'?"),
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
        (("inspect", "torchscript:e.pt,input=3x32x32"), "model 'torchscript:e.pt,input=3x32x32': inspect takes checkpoints of aigis"),
        (("list", "atacks"), "did you mean 'attacks'?"),
        (("plot", "no.json", "--out", "a.html"), "no.json"),
        (("evaluate", "--model", RESNET, "--out", "/dev/full", *POINT), "/dev/full: is a device"),
        (("evaluate", "--model", RESNET, "--defense", "jpeg", "--defense", "jpeg"), "defense 'jpeg' is given twice"),
        (("train", "--limit=-5", "--out", "OUT"), "--limit: -5 is too small"),
        (("train", "--adversary", "pdg", "--out", "OUT"), "unknown attack 'pdg'; did you mean 'pgd'?"),
        *((("train", "--adversary", adversary, "--mixup", "0.2", "--out", "OUT"), f"adversary '{adversary}': mixup gives an image two labels; expected one with loss=kl, keep=last and restarts=1")
          for adversary in ("pgd", "pgd:loss=kl,keep=best", "pgd:loss=kl,restarts=2", "apgd-ce:loss=kl", "noise", "gate-sloth")),
        (("train", "--limit", "1", "--out", "OUT"), "1 training images; expected at least 2"),
        (("swep",), "unknown command 'swep'; did you mean 'sweep'?"),
        (("evaluate", "--modle", RESNET), "unknown flag of 'aigis evaluate' '--modle'; did you mean '--model'?"),
    ],
)
def test_one_line_and_exit_code_2(arguments, expected, tmp_path):
    arguments = [str(tmp_path / "out") if a == "OUT" else a for a in arguments]
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
    line = refused("evaluate", config, "--model", RESNET)
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


def test_links_are_followed_and_protected_files_kept(tmp_path):
    target, link, locked = tmp_path / "real.json", tmp_path / "link.json", tmp_path / "locked.json"
    link.symlink_to("real.json")
    point = ("evaluate", "--model", RESNET, "--data", "synthetic:test=20", "--out")
    assert aigis(*point, link).returncode == 0
    assert link.is_symlink() and report(target)["schema"] == "aigis-report"
    locked.write_bytes(target.read_bytes())
    locked.chmod(0o444)
    assert "write-protected" in refused(*point, locked)
    page = tmp_path / "page.html"
    page.write_text("mine")
    page.chmod(0o444)
    assert "write-protected" in refused("plot", target, "--out", page)
    assert page.read_text() == "mine"


def test_every_gate_mode_makes_a_report(tmp_path):
    for gates in ("sampled", "argmax", "always", "fixed,graph=101", "scaled", "marginal", "budget,layers=2"):
        out = tmp_path / "r.json"
        result = aigis("evaluate", "--model", f"{AIG}:gates={gates}", "--data", "synthetic:test=20", "--out", out)
        assert result.returncode == 0, result.stderr
        assert report(out)["models"][0]["gates"]["mode"] == gates.split(",")[0]


def test_flags_win_and_paths_are_relative_to_the_config(tmp_path):
    os.symlink(RESNET, tmp_path / "weights.safetensors")
    config = tmp_path / "config.json"
    config.write_text('// a comment\n{"$schema": "x", "model": "weights.safetensors", "eps": ["1/255"], "data": "synthetic:test=20"}')
    result = aigis("evaluate", config, "--eps", "2/255", "--out", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    assert report(tmp_path / "r.json")["config"]["eps"] == [2 / 255]


def damaged(tmp_path, name, change):
    content = bytearray(Path(AIG).read_bytes())
    path = tmp_path / name
    path.write_bytes(bytes(change(content)))
    return path


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda b: b[:5], "shorter than the 8 bytes"),
        (lambda b: b[:100], "cut off inside the header"),
        (lambda b: b[:-10], "cut off: tensor"),
        (lambda b: b + b"xx", "left over"),
        (lambda b: b"\xff" * 8 + b[8:], "implausible"),
        (lambda b: b.replace(b'"F32"', b'"X32"', 1), "unknown type X32"),
        (lambda b: b.replace(b"layer2.0.bn1.weight", b"layer2.0.bn9.weight"), "tensor 'layer2.0.bn1.weight' is missing"),
        (lambda b: b.replace(b"aigis-checkpoint 1", b"aigis-checkpoint 9"), "this version reads"),
    ],
)
def test_damaged_checkpoints(change, expected, tmp_path):
    assert expected in refused("inspect", damaged(tmp_path, "bad.safetensors", change))


def record_changed(record, tmp_path):
    path = tmp_path / "record.safetensors"
    save_file(load_file(AIG), path, metadata=dict(read_metadata(AIG), record=record))
    return path


@pytest.mark.parametrize("record", ['{"data":"synthetic","held_out":{"none":{}}}', '{"data":5}', "[", '{"data":"synthetic","held_out":"90 %"}'])
def test_a_broken_training_record_is_left_aside(record, tmp_path):
    path = record_changed(record, tmp_path)
    assert aigis("inspect", path).returncode == 0
    assert aigis("evaluate", "--model", path, *POINT).returncode == 0


def test_wrong_classes_or_sizes_are_refused_everywhere(tmp_path):
    for name in ("a", "b", "c"):
        for part in ("train", "val"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.new("RGB", (32, 32), (10, 20, 30)).save(tmp_path / part / name / "x.png")
            Image.new("RGB", (32, 32), (10, 20, 30)).save(tmp_path / part / name / "y.jpg")
    data = f"imagefolder:{tmp_path},size=32"
    assert "has 10 classes; data 'imagefolder' has 3" in refused("inspect", AIG, "--data", data)
    assert "has 10 classes; data 'imagefolder' has 3" in refused("evaluate", "--model", AIG, "--data", data)
    assert "has 10 classes; data 'imagefolder' has 3" in refused("bench", "attack", "--batch", 4, "--model", AIG, "--data", data)
    assert "takes 3x32x32 images" in refused("inspect", AIG, "--data", f"imagefolder:{tmp_path},size=64")


def test_a_model_of_other_classes_says_so(tmp_path):
    names = ["disc", "ring", "square", "frame", "triangle", "cross", "flower", "bars", "wedges", "yacht"]
    for name in names:
        for part in ("train", "val"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.new("RGB", (32, 32), (10, 20, 30)).save(tmp_path / part / name / "x.png")
    result = aigis("evaluate", "--model", RESNET, "--data", f"imagefolder:{tmp_path},size=32", "--out", tmp_path / "r.json")
    assert "warning: class 0 is 'disc' in the checkpoint and 'bars' in the data" in result.stdout
    assert [f["numbers"] for f in report(tmp_path / "r.json")["runs"][0]["flags"] if f["check"] == "class-names"] == [{"class": 0}]
    for data, warned in ((f"imagefolder:{tmp_path},size=32", True), (POINT[1], False)):
        inspected = aigis("inspect", RESNET, "--data", data).stdout
        assert ("warning: class 0 is 'disc' in the checkpoint and 'bars' in the data" in inspected) == warned


def test_evaluate_replaces_reports_only(tmp_path):
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(Path(AIG).read_bytes())
    assert "weights.safetensors" in refused("evaluate", "--model", weights, "--out", weights, *POINT)
    assert weights.read_bytes() == Path(AIG).read_bytes()
    record = tmp_path / "train.json"
    record.write_bytes(Path(AIG.replace(".safetensors", ".train.json")).read_bytes())
    assert "is no report" in refused("evaluate", "--model", weights, "--out", record, *POINT)


def test_training_keeps_older_models(tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "model.safetensors").write_bytes(b"mine")
    train = ("train", "--model", "resnet-8", "--data", "synthetic:train=100", "--epochs", 1, "--out", out)
    assert "no state to resume from" in refused(*train, "--resume")
    assert "no state to resume from" in refused(*train)
    assert (out / "model.safetensors").read_bytes() == b"mine"


def test_what_cannot_begin_leaves_no_journal(tmp_path):
    """Else the command put right would be taken for another run."""
    out = tmp_path / "r.json"
    sweep = ("sweep", "--model", AIG, *POINT, "--eps", "1/255", "--out", out, "--attack")
    assert "none is of class 3" in refused(*sweep, "gate-hijack:class=3,images=1")
    assert list(tmp_path.iterdir()) == []
    aigis(*sweep, "gate-hijack:class=3,images=100")
    assert report(out)["runs"]


def test_a_file_that_is_no_journal_is_kept(tmp_path):
    out, notes = tmp_path / "r.json", tmp_path / "r.json.journal"
    notes.write_text("my own notes")
    assert "is not a journal" in refused("sweep", "--model", RESNET, *POINT, "--out", out)
    assert notes.read_text() == "my own notes"


def cifar_file(path, records=10_000, label=3):
    path.write_bytes((bytes([label]) + bytes(3072)) * records)


def test_cifar_files(tmp_path):
    evaluate = ("evaluate", "--model", RESNET, "--data", f"cifar10:{tmp_path}")
    assert "test_batch.bin: cannot be read" in refused(*evaluate)
    cifar_file(tmp_path / "test_batch.bin", records=9_999)
    assert "30726927 bytes; expected 30730000" in refused(*evaluate)
    cifar_file(tmp_path / "test_batch.bin", label=10)
    assert "record 0 has label 10; expected 0 to 9" in refused(*evaluate)


def test_a_full_disk_loses_nothing(tmp_path):
    out = tmp_path / "report.json"
    arguments = ["evaluate", "--model", RESNET, "--data", "synthetic:test=20", "--out", str(out)]
    assert aigis(*arguments).returncode == 0
    before = out.read_bytes()
    # A limit on file sizes stands in for the full disk: writing fails half-way.
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    result = aigis(*arguments, "--eps", "4/255", preexec_fn=limit)
    assert result.returncode == 1 and "cannot be written" in result.stderr
    assert out.read_bytes() == before and list(tmp_path.iterdir()) == [out]


def test_an_existing_report_of_another_run_is_kept(tmp_path):
    out = tmp_path / "report.json"
    sweep = ["sweep", "--model", RESNET, "--data", "synthetic:test=20", "--out", out]
    assert aigis(*sweep, "--eps", "1/255").returncode == 0
    before = out.read_bytes()
    assert "other settings" in refused(*sweep, "--eps", "2/255")
    assert "complete already" in aigis(*sweep, "--eps", "1/255").stdout
    assert out.read_bytes() == before


def test_a_reader_that_goes_away_stops_nothing(tmp_path):
    """Progress on a full disk is lost and the work is not; a result that cannot be printed is a failure."""
    sweep = ["sweep", "--model", RESNET, "--eps", "8/255", "--data", "synthetic:test=60"]
    with open("/dev/full", "w") as full:
        run = lambda *words, **to: subprocess.run([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, **to)
        assert run(*sweep, "--out", tmp_path / "r.json", stderr=full, stdout=subprocess.DEVNULL).returncode == 0
        printed = run("list", "models", stdout=full, stderr=subprocess.PIPE, text=True)
    assert report(tmp_path / "r.json")["schema"] == "aigis-report"
    assert printed.returncode == 1 and "standard output" in printed.stderr


def test_a_full_disk_in_the_first_epoch_leaves_a_run_that_goes_on(tmp_path):
    train = ["train", "--model", "resnet-8", "--data", "synthetic:train=100", "--epochs", "1", "--batch", "50", "--out", tmp_path / "run"]
    limited = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500 * 1024, 500 * 1024))
    result = aigis(*train, preexec_fn=limited)
    assert result.returncode == 1 and "resume.safetensors: cannot be written" in result.stderr
    assert aigis(*train, "--resume").returncode == 0
    assert aigis("inspect", tmp_path / "run/model.safetensors").returncode == 0


def test_numbers_beyond_all_range(tmp_path):
    (tmp_path / "c.json").write_text('{"eps": 1e999}')
    assert "c.json: not usable JSON" in refused("evaluate", tmp_path / "c.json", "--model", RESNET)
    assert "c.json: not usable JSON" in refused("plot", tmp_path / "c.json", "--out", tmp_path / "p.html")


def test_interrupt_exits_130(tmp_path):
    process = subprocess.Popen([PROGRAM, "train", "--model", "resnet-20", "--epochs", "50", "--out", str(tmp_path / "out")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (tmp_path / "out").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
