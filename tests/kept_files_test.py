"""Whatever goes wrong, nothing that was there is lost."""

import resource
import signal
import subprocess
from pathlib import Path

import pytest

from program import AIG, PROGRAM, RESNET, aigis, refused, report

POINT = ("--data", "synthetic:test=20")


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
    sweep = ("sweep", "--model", AIG, "--data", "synthetic:test=20,train=200", "--eps", "1/255", "--out", out, "--attack")
    refusal = refused(*sweep, "gate-hijack:class=3,images=1")
    assert "attack 'gate-hijack': option 'images': of 1 none is of class 3; expected more training images" in refusal
    assert list(tmp_path.iterdir()) == []
    aigis(*sweep, "gate-hijack:class=3,images=100")
    assert report(out)["runs"]


def test_a_file_that_is_no_journal_is_kept(tmp_path):
    out, notes = tmp_path / "r.json", tmp_path / "r.json.journal"
    notes.write_text("my own notes")
    assert "is not a journal" in refused("sweep", "--model", RESNET, *POINT, "--out", out)
    assert notes.read_text() == "my own notes"


@pytest.mark.parametrize("room", ["for no journal", "for no report"])
def test_a_full_disk_loses_nothing(room, tmp_path):
    out = tmp_path / "report.json"
    arguments = ["evaluate", "--model", RESNET, "--data", "synthetic:test=20", "--out", str(out)]
    assert aigis(*arguments).returncode == 0
    before = out.read_bytes()
    # A limit on file sizes stands in for the full disk: writing fails half-way.
    size = 1000 if room == "for no journal" else len(before) - 100
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    result = aigis(*arguments, "--eps", "4/255", preexec_fn=limit)
    assert result.returncode == 1 and "cannot be written" in result.stderr
    # A journal of nothing would only stand in the way of other settings.
    journal = {tmp_path / "report.json.journal"} if room == "for no report" else set()
    assert out.read_bytes() == before and set(tmp_path.iterdir()) == {out} | journal
    result = aigis(*arguments, "--eps", "4/255")
    assert result.returncode == 0 and "4/255" in result.stdout
    assert ("going on with" in result.stderr) == (room == "for no report")
    assert list(tmp_path.iterdir()) == [out] and report(out)["runs"][0]["epsilon"] == pytest.approx(4 / 255)


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
        evaluated = run("evaluate", *sweep[1:], "--out", tmp_path / "e.json", stdout=full, stderr=subprocess.PIPE, text=True)
    assert report(tmp_path / "r.json")["schema"] == report(tmp_path / "e.json")["schema"] == "aigis-report"
    for failed in (printed, evaluated):
        assert failed.returncode == 1 and "standard output" in failed.stderr


def test_a_full_disk_in_the_first_epoch_leaves_a_run_that_goes_on(tmp_path):
    train = ["train", "--model", "resnet-8", "--data", "synthetic:train=100", "--epochs", "1", "--batch", "50", "--out", tmp_path / "run"]
    limited = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500 * 1024, 500 * 1024))
    result = aigis(*train, preexec_fn=limited)
    assert result.returncode == 1 and "resume.safetensors: cannot be written" in result.stderr
    assert aigis(*train, "--resume").returncode == 0
    assert aigis("inspect", tmp_path / "run/model.safetensors").returncode == 0


def test_interrupt_exits_130(tmp_path):
    process = subprocess.Popen([PROGRAM, "train", "--model", "resnet-20", "--data", "synthetic:train=1000", "--epochs", "50", "--out", str(tmp_path / "out")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (tmp_path / "out").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
