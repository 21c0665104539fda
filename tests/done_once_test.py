"""What a sweep has done is not done again: its finished parts where it was killed, and all of it where it is complete."""

import random

import pytest
from PIL import Image

from killed import keys_of, killed_when
from program import AIG, RESNET, aigis, refused, report, without_times

STAGES = ["sweep", "--model", RESNET, "--model", AIG + ":gates=argmax", "--attack", "autoattack:steps=2,queries=10",
          "--attack", "square:queries=20", "--worst-case", "true", "--data", "synthetic:test=20", "--eps", "2/255,8/255",
          "--batch", "10", "--save-examples", "15"]  # fmt: skip


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    out = tmp_path_factory.mktemp("unbroken") / "r.json"
    result = aigis(*STAGES, "--out", out)
    assert result.returncode == 0, result.stderr
    return out


@pytest.mark.parametrize("kept_images", ["whole", "cut off"])
def test_a_killed_sweep_does_nothing_again(kept_images, unbroken, tmp_path):
    """Each run of each batch is a part, and what later ones need of its images is kept: those to be saved, and the worst case's."""
    out, journal, kept = tmp_path / "r.json", tmp_path / "r.json.journal", tmp_path / "r.json.journal-files"
    chance, done = random.Random(3), []
    for parts in (1, 4, 7):
        wanted = max(parts, len(done) + 1)
        killed_when(lambda: len(keys_of(journal)) >= wanted, chance.uniform(0, 0.05), *STAGES, "--out", out)
        before, done = done, keys_of(journal)
        assert done[: len(before)] == before
        if kept_images == "cut off" and parts == 4:
            for file in kept.iterdir():
                file.write_bytes(file.read_bytes()[:-1])
    assert (len(set(done)) == len(done)) == (kept_images == "whole")
    result = aigis(*STAGES, "--out", out)
    assert result.returncode == 0, result.stderr
    assert f"{len(set(done))} parts are done" in result.stderr
    assert without_times(report(out)) == without_times(report(unbroken))
    files, whole = (sorted(path.parent.iterdir()) for path in (out, unbroken))
    assert [file.name for file in files] == [file.name for file in whole]
    assert files[1].name.startswith("r.json.examples-") and files[1].read_bytes() == whole[1].read_bytes()


def test_a_finished_sweep_is_not_done_again(tmp_path):
    """Surrogates of transferred attacks are part of what it was made with."""
    sweep = ["sweep", "--model", RESNET, "--model", AIG + ":gates=argmax", "--access", f"white-box,transfer:{AIG}:gates=argmax",
             "--data", "synthetic:test=20", "--eps", "4/255", "--out", tmp_path / "r.json"]  # fmt: skip
    assert aigis(*sweep).returncode == 0
    again = aigis(*sweep)
    assert again.returncode == 0 and "complete already" in again.stdout, again.stderr
    sweep[sweep.index(f"white-box,transfer:{AIG}:gates=argmax")] = f"white-box,transfer:{RESNET}"
    assert "other settings, data or weights" in refused(*sweep)


def test_other_training_images_are_other_data(tmp_path):
    """An attack learns from them, so that what it finds on the same test images is not the same."""
    for name in "abcdefghij":
        for part in ("train", "val"):
            (tmp_path / "data" / part / name).mkdir(parents=True)
            Image.new("RGB", (32, 32), (10 * ord(name) % 256, 20, 30)).save(tmp_path / "data" / part / name / "x.png")
    sweep = ["sweep", "--model", AIG, "--attack", "gate-hijack:class=3,images=10", "--data", f"imagefolder:{tmp_path}/data,size=32",
             "--eps", "4/255", "--checks", "off", "--out", tmp_path / "r.json"]  # fmt: skip
    result = aigis(*sweep)
    assert result.returncode == 0, result.stderr
    assert "complete already" in aigis(*sweep).stdout
    Image.new("RGB", (32, 32), (1, 2, 3)).save(tmp_path / "data/train/a/x.png")
    assert "other settings, data or weights" in refused(*sweep)
