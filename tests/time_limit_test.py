"""A time limit ends a training with the model of its last whole epoch."""

from program import aigis


def test_a_time_limit_leaves_a_usable_model(tmp_path):
    result = aigis("train", "--model", "resnet-8", "--data", "synthetic:train=100", "--epochs", "1000", "--time-limit", "2s", "--out", tmp_path / "run")
    assert result.returncode == 0 and "time limit" in result.stdout, result.stdout + result.stderr
    assert aigis("inspect", tmp_path / "run/model.safetensors").returncode == 0


def test_a_time_limit_counts_from_the_start_and_leaves_nothing_without_an_epoch(tmp_path):
    # Of one step, which no limit cuts off once it has begun; the images take longer to make than the limit is.
    train = ["train", "--model", "resnet-8", "--data", "synthetic:train=2000", "--limit", "20", "--batch", "20", "--time-limit", "0.01s"]
    result = aigis(*train, "--out", tmp_path / "run")
    assert result.returncode == 1
    assert "the time limit came before the end of epoch 1; nothing was saved" in result.stderr
    assert not (tmp_path / "run/model.safetensors").exists()
