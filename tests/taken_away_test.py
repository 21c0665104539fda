"""What an evaluation takes away from a model besides its defense: gates=frozen and noise=fixed."""

from program import AIG, aigis, report


def evaluated(folder, *flags):
    """The runs of a small sweep, whose report is verified."""
    folder.mkdir(exist_ok=True)
    out = folder / "report.json"
    result = aigis("sweep", "--data", "synthetic", "--limit", 24, "--save-examples", 24, "--checks", "off", *flags,
                   "--out", out)
    assert result.returncode == 0, result.stderr
    verified = aigis("verify", out, "--data", "synthetic")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return report(out)["runs"]


def test_frozen_gates_keep_the_graph_of_the_model_behind_the_defense(tmp_path):
    runs = evaluated(tmp_path, "--model", f"{AIG}:gates=argmax", "--model", f"{AIG}:gates=frozen", "--attack", "none",
                     "--defense", "none", "--defense", "jpeg:quality=10", "--eps", "0")
    argmax, argmax_behind, frozen, frozen_behind = (run["gates"]["before"]["per_layer"] for run in runs)
    assert argmax != argmax_behind, "a defense that turns a gate"
    assert (frozen, frozen_behind) == (argmax, argmax_behind)


def test_fixed_noise_is_that_of_the_seed(tmp_path):
    rates = []
    for seed in ["0", "3"]:
        (run,) = evaluated(tmp_path / seed, "--model", f"{AIG}:gates=sampled,noise=fixed", "--attack", "none", "--eps", "0",
                           "--seed", seed)
        rates.append(run["gates"]["before"]["per_layer"])
    assert rates[0] != rates[1]
