"""The same run gives the same report: again, killed and resumed, in other batches. The same for training."""

import hashlib
import json
import random
import signal
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from program import AIG, RESNET, aigis, refused, report, start, without_times
from reference import read_metadata

SWEEP = ["sweep", "--model", RESNET, "--model", AIG + ":gates=sampled,draws=2", "--data", "synthetic:test=300", "--defense", "none",
         "--defense", "jpeg", "--access", "white-box,grey-box", "--eps", "0,4/255,8/255", "--batch", "20"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    out = tmp_path_factory.mktemp("unbroken") / "r.json"
    result = aigis(*SWEEP, "--out", out)
    assert result.returncode == 0, result.stderr
    return without_times(report(out))


def test_a_killed_sweep_goes_on_to_the_same_report(unbroken, tmp_path):
    out = tmp_path / "r.json"
    journal = tmp_path / "r.json.journal"
    chance = random.Random(1)
    for _ in range(4):
        process = start(*SWEEP, "--out", out)
        begun = time.monotonic()
        while not journal.exists() and process.poll() is None and time.monotonic() - begun < 30:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if journal.exists() and chance.random() < 0.5:  # a crash in the middle of a line
            with open(journal, "ab") as file:
                file.write(b'{"key":"model 0 batch 1')
    result = aigis(*SWEEP, "--out", out)
    assert result.returncode == 0, result.stderr
    assert without_times(report(out)) == unbroken
    assert not journal.exists()


def test_a_journal_of_another_run_is_refused(tmp_path):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    others = '{"identity":{"config":"other"}}\n' + sealed({"key": "model 0 batch 0 run 0", "value": {}}) + "\n"
    journal.write_text(others)
    assert "unfinished run with other settings" in refused(*SWEEP, "--out", out)
    assert journal.read_text() == others


def test_a_journal_of_another_run_that_got_nowhere_gives_way(tmp_path, unbroken):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    journal.write_text('{"identity":{"config":"other"}}\n')
    assert aigis(*SWEEP, "--out", out).returncode == 0
    assert without_times(report(out)) == unbroken
    assert not journal.exists()


def test_a_finished_sweep_is_not_done_again(tmp_path):
    """Surrogates of transferred attacks are part of what it was made with."""
    sweep = ["sweep", "--model", RESNET, "--model", AIG + ":gates=argmax", "--access", f"white-box,transfer:{AIG}:gates=argmax",
             "--data", "synthetic:test=20", "--eps", "4/255", "--out", tmp_path / "r.json"]
    assert aigis(*sweep).returncode == 0
    again = aigis(*sweep)
    assert again.returncode == 0 and "complete already" in again.stdout, again.stderr
    sweep[sweep.index(f"white-box,transfer:{AIG}:gates=argmax")] = f"white-box,transfer:{RESNET}"
    assert "other settings, data or weights" in refused(*sweep)


def keys_of(journal):
    """Of the entries that it holds in full, in their order."""
    lines = journal.read_bytes().split(b"\n")[1:-1] if journal.exists() else []
    return [json.loads(line.split(b" ", 1)[1])["key"] for line in lines]


STAGES = ["sweep", "--model", RESNET, "--model", AIG + ":gates=argmax", "--attack", "autoattack:steps=2,queries=10",
          "--attack", "square:queries=20", "--worst-case", "true", "--data", "synthetic:test=60", "--eps", "2/255,8/255",
          "--batch", "20", "--save-examples", "30"]  # fmt: skip


@pytest.fixture(scope="module")
def unbroken_stages(tmp_path_factory):
    out = tmp_path_factory.mktemp("unbroken_stages") / "r.json"
    result = aigis(*STAGES, "--out", out)
    assert result.returncode == 0, result.stderr
    return out


@pytest.mark.parametrize("kept_images", ["whole", "cut off"])
def test_a_killed_sweep_does_nothing_again(kept_images, unbroken_stages, tmp_path):
    """Each run of each batch is a part, and what later ones need of its images is kept: those to be saved, and the worst case's."""
    out, journal, kept = tmp_path / "r.json", tmp_path / "r.json.journal", tmp_path / "r.json.journal-files"
    chance, done = random.Random(3), []
    for parts in (1, 2, 4, 7, 11):
        process = start(*STAGES, "--out", out)
        while process.poll() is None and len(keys_of(journal)) < max(parts, len(done) + 1):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        before, done = done, keys_of(journal)
        assert done[: len(before)] == before
        if kept_images == "cut off" and parts == 4:
            for file in kept.iterdir():
                file.write_bytes(file.read_bytes()[:-1])
    assert (len(set(done)) == len(done)) == (kept_images == "whole")
    result = aigis(*STAGES, "--out", out)
    assert result.returncode == 0, result.stderr
    assert f"{len(set(done))} parts are done" in result.stderr
    assert without_times(report(out)) == without_times(report(unbroken_stages))
    files, whole = (sorted(path.parent.iterdir()) for path in (out, unbroken_stages))
    assert [file.name for file in files] == [file.name for file in whole]
    assert files[1].name.startswith("r.json.examples-") and files[1].read_bytes() == whole[1].read_bytes()


TRAIN = ["train", "--model", "aig-8", "--data", "synthetic:train=400", "--epochs", "4", "--batch", "32", "--precision", "float32"]


def sealed(entry):
    text = json.dumps(entry)
    return f"{hashlib.sha256(text.encode()).hexdigest()} {text}"


def a_digit_of(line):
    """Another digit in place of one of a line's, wherever it stands."""
    place = line.index('"accuracy":[') + len('"accuracy":[')
    return line[:place] + ("1" if line[place] != "1" else "2") + line[place + 1 :]


@pytest.mark.parametrize("damage", ["a digit", "arrays cut short"])
def test_damaged_journal_entries_are_done_again(damage, unbroken, tmp_path):
    out, journal = tmp_path / "r.json", tmp_path / "r.json.journal"
    process = start(*SWEEP, "--out", out)
    while process.poll() is None and len(keys_of(journal)) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    lines = journal.read_text().splitlines()[:4]
    if damage == "a digit":
        lines[1] = a_digit_of(lines[1])
    else:
        first, second, third = (json.loads(line.split(" ", 1)[1]) for line in lines[1:])
        first["value"]["clean"]["opened"].append(1)
        second["value"]["cells"][0]["hits"].pop()
        third["value"] = 3
        lines[1:] = [sealed(entry) for entry in (first, second, third)]
    journal.write_text("\n".join(lines) + "\n")
    assert aigis(*SWEEP, "--out", out).returncode == 0
    assert without_times(report(out)) == unbroken


def test_two_programs_never_write_to_one_place(tmp_path):
    for out, command in ((tmp_path / "r.json", SWEEP), (tmp_path / "run", TRAIN)):
        first = start(*command, "--out", out)
        begun = tmp_path / "r.json.journal" if command is SWEEP else out
        while first.poll() is None and not begun.exists():
            time.sleep(0.01)
        time.sleep(0.2)
        assert first.poll() is None
        assert "another aigis is writing there" in refused(*command, "--out", out)
        first.send_signal(signal.SIGKILL)
        first.wait()


def test_batch_size_does_not_matter(unbroken, tmp_path):
    """Gate noise is the image's own. Rounding may turn a near tie, so a few verdicts may differ, and no more."""
    result = aigis(*[a if a != "20" else "300" for a in SWEEP], "--out", tmp_path / "r.json", threads=2)
    assert result.returncode == 0, result.stderr
    for one, two in zip(unbroken["runs"], report(tmp_path / "r.json")["runs"]):
        for key in ("clean", "robust"):
            assert abs(one["accuracy"][key]["successes"] - two["accuracy"][key]["successes"]) <= 2
        if one["gates"]:
            assert one["gates"]["after"]["mean"] == pytest.approx(two["gates"]["after"]["mean"], abs=0.01)




EVERYTHING = ["--average", "0.9", "--mixup", "0.4", "--cutout", "8", "--label-smoothing", "0.1", "--clip-norm", "1",
              "--decay-norms", "false", "--schedule", "cosine"]  # fmt: skip


ADVERSARIAL = ["--adversary", "pgd:steps=1,relative_step_size=1.25", "--adversary-eps", "4/255", "--limit", "100", "--epochs", "2"]


@pytest.mark.parametrize("options, kills", [(["--epochs", "10"], 10), (EVERYTHING, 3), (ADVERSARIAL, 3)],
                         ids=["defaults", "everything", "adversarial"])  # fmt: skip
def test_killed_training_ends_at_the_same_weights(options, kills, tmp_path):
    train = [*TRAIN, *options]
    assert aigis(*train, "--out", tmp_path / "whole").returncode == 0
    chance, state = random.Random(2), tmp_path / "broken/resume.safetensors"
    process = start(*train, "--out", tmp_path / "broken")
    while process.poll() is None and not state.exists():  # the first epoch
        time.sleep(0.01)
    for _ in range(kills):
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = start(*train, "--resume", "--out", tmp_path / "broken")
        time.sleep(chance.uniform(0.1, 0.4))
    process.wait()
    result = aigis(*train, "--resume", "--out", tmp_path / "broken")
    assert result.returncode == 0 and "resumed after epoch" in result.stdout, result.stderr
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "broken"))
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
    last = load_file(state)
    averaged = [name for name in one if f"average.{name}" in last and not torch.equal(last[f"average.{name}"], last[f"model.{name}"])]
    assert bool(averaged) == ("--average" in options)
    kept = "average" if "--average" in options else "model"
    assert all(torch.equal(one[name], last[f"{kept}.{name}"]) for name in one)


def test_resuming_needs_the_same_settings(tmp_path):
    out = tmp_path / "run"
    assert aigis(*[a if a != "4" else "1" for a in TRAIN], "--out", out).returncode == 0
    before = (out / "model.safetensors").read_bytes()
    assert "already holds a training run" in refused(*TRAIN, "--out", out)
    assert "epochs = 1, now 4" in refused(*TRAIN, "--resume", "--out", out)
    other = [{"4": "1", "synthetic:train=400": "synthetic:train=400,seed=2"}.get(word, word) for word in TRAIN]
    assert "sha256" in refused(*other, "--resume", "--out", out)
    assert (out / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize("change", [lambda config: config | {"cuda_graph": True}, lambda config: {key: value for key, value in config.items() if key != "cuda_graph"}],
                         ids=["recorded", "of an earlier version"])  # fmt: skip
def test_resuming_needs_no_recordings(change, tmp_path):
    """Steps recorded as CUDA graphs learn what the steps themselves do: their run goes on without."""
    out, record = tmp_path / "run", {"device": "cpu", "precision": "float32"}
    assert aigis(*TRAIN, "--out", out).returncode == 0
    stopped_after_two_epochs(out / "resume.safetensors", record, change)
    result = aigis(*TRAIN, "--resume", "--out", out)
    assert result.returncode == 0 and "resumed after epoch 2 of 4" in result.stdout, result.stderr
    assert report(out / "train.json")["config"]["cuda_graph"] is False


def stopped_after_two_epochs(path, record, change=lambda config: config):
    """Makes the state of a finished run that of one which stopped after two, whose last epoch's row says `record` of its arithmetic."""
    metadata = read_metadata(path)
    curve = json.loads(metadata["curve"])[:2]
    curve[-1] = {key: value for key, value in curve[-1].items() if key not in ("device", "precision")} | record
    config = change(json.loads(metadata["config"]))
    save_file(load_file(path), path, metadata | {"curve": json.dumps(curve), "config": json.dumps(config)})


@pytest.mark.parametrize("lost", [["model.safetensors", "train.json"], ["train.json"], []], ids=["the first", "between", "a later one"])
def test_a_run_killed_while_it_saved_gets_its_model(lost, tmp_path):
    """The state is written first; model and record are missing, or those of another epoch. No time is left for more epochs."""
    out = tmp_path / "run"
    assert aigis(*TRAIN, "--out", out).returncode == 0
    stopped_after_two_epochs(out / "resume.safetensors", {"device": "cpu", "precision": "float32"})
    for name in lost:
        (out / name).unlink()
    result = aigis(*TRAIN, "--resume", "--time-limit", "0.001s", "--out", out)
    assert result.returncode == 1 and "the checkpoint of epoch 2 is kept" in result.stderr, result
    model = out / "model.safetensors"
    assert json.loads(read_metadata(model)["record"])["epochs"] == 2
    record = report(out / "train.json")
    assert len(record["curve"]) == 2 and record["hashes"] == {model.name: hashlib.sha256(model.read_bytes()).hexdigest()}


@pytest.mark.parametrize("record, warning", [
    ({"device": "cuda:0", "precision": "bfloat16"}, "epoch 2 ran on cuda:0 in bfloat16, the next will on cpu in float32"),
    ({"device": "cpu", "precision": "bfloat16"}, "epoch 2 ran on cpu in bfloat16, the next will on cpu in float32"),
    ({"device": "cpu", "precision": "float32"}, None),
    ({}, None),  # as earlier versions wrote it
], ids=["device", "precision", "same", "unknown"])  # fmt: skip
def test_a_run_that_goes_on_elsewhere_says_so(record, warning, tmp_path):
    out = tmp_path / "run"
    assert aigis(*TRAIN, "--out", out).returncode == 0
    stopped_after_two_epochs(out / "resume.safetensors", record)
    result = aigis(*TRAIN, "--resume", "--out", out)
    assert result.returncode == 0, result.stderr
    assert (f"warning: {warning}" in result.stderr) if warning else ("warning" not in result.stderr)
    rows = report(out / "train.json")["curve"]
    told = [{key: row[key] for key in ("device", "precision") if key in row} for row in rows]
    assert told == [told[0], record, told[0], told[0]] and told[0] == {"device": "cpu", "precision": "float32"}


def test_training_starts_from_a_checkpoint(tmp_path):
    """With a vanishing learning rate the weights stay those of --init; the same run from fresh weights would not."""
    small = [*TRAIN[:5], "--epochs", "1", "--learning-rate", "1e-8", "--weight-decay", "0", "--precision", "float32"]
    result = aigis(*small, "--init", AIG, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    before, after = load_file(AIG), load_file(tmp_path / "run/model.safetensors")
    for name in before:
        if "running" not in name:
            assert torch.allclose(before[name], after[name], atol=1e-5), name
    assert report(tmp_path / "run/train.json")["config"]["init_sha256"] == hashlib.sha256(Path(AIG).read_bytes()).hexdigest()
    assert aigis(*small, "--resume", "--out", tmp_path / "run").returncode == 0  # its start is behind it
    assert "init_sha256" in refused(*small, "--resume", "--init", RESNET, "--out", tmp_path / "run")
    assert "expected the weights of aig-8" in refused(*small, "--init", RESNET, "--out", tmp_path / "other")
    assert "cannot be read" in refused(*small, "--init", tmp_path / "absent.safetensors", "--out", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def cifar_training_files(folder):
    """Ten thousand times the same picture in each, and its labels; the file of test images is missing."""
    pixels = bytes(range(256)) * 12
    for part in range(1, 6):
        (folder / f"data_batch_{part}.bin").write_bytes(b"".join(bytes([(i + part) % 10]) + pixels for i in range(10_000)))
    return f"cifar10:{folder}", "test_batch.bin"


def image_training_files(folder):
    """Eight pictures of each of ten classes; the folder of test images is missing."""
    for label in range(10):
        (folder / f"train/{label}").mkdir(parents=True)
        for i in range(8):
            Image.new("RGB", (32, 32), (25 * label, 30 * i, 99)).save(folder / f"train/{label}/{i}.jpg")
    return f"imagefolder:{folder},size=32", "val: no such folder"


@pytest.mark.parametrize("training_files", [cifar_training_files, image_training_files])
@pytest.mark.parametrize("options", [[], ["--adversary", "pgd:steps=1", "--adversary-eps", "4/255"]], ids=["clean", "adversarial"])
def test_training_never_reads_the_test_images(options, training_files, tmp_path):
    """Whatever it chooses by, it needs no test images: they are not there."""
    data, missing = training_files(tmp_path)
    train = ["train", "--model", "aig-8", "--data", data, "--limit", "64", "--epochs", "1", "--batch", "32", *options]
    result = aigis(*train, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    assert report(tmp_path / "run/train.json")["final"]["held_out"]["sampled"]["trials"] > 0
    assert missing in refused("evaluate", "--model", tmp_path / "run/model.safetensors", "--data", data)


def test_a_time_limit_leaves_a_usable_model(tmp_path):
    result = aigis("train", "--model", "resnet-8", "--data", "synthetic:train=600", "--epochs", "1000", "--time-limit", "6s", "--out", tmp_path / "run")
    assert result.returncode == 0 and "time limit" in result.stdout, result.stdout + result.stderr
    assert aigis("inspect", tmp_path / "run/model.safetensors").returncode == 0


def test_a_time_limit_counts_from_the_start_and_leaves_nothing_without_an_epoch(tmp_path):
    # Of one step, which no limit cuts off once it has begun; the images take longer to make than the limit is.
    train = ["train", "--model", "resnet-8", "--data", "synthetic:train=2000", "--limit", "20", "--batch", "20", "--time-limit", "0.01s"]
    result = aigis(*train, "--out", tmp_path / "run")
    assert result.returncode == 1
    assert "the time limit came before the end of epoch 1; nothing was saved" in result.stderr
    assert not (tmp_path / "run/model.safetensors").exists()
