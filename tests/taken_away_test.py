"""What an evaluation takes away from a model besides its defense: gates=frozen and noise=fixed."""

from program import AIG, aigis, as_if_written, of_version, report


def evaluated(folder, *flags):
    """A small sweep, whose report is verified."""
    folder.mkdir(exist_ok=True)
    out = folder / "report.json"
    result = aigis("sweep", "--data", "synthetic", "--limit", 24, "--save-examples", 24, "--checks", "off", *flags,
                   "--out", out)
    assert result.returncode == 0, result.stderr
    verified = aigis("verify", out, "--data", "synthetic")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return report(out)


def verified_as(folder, document):
    (folder / "changed.json").write_text(as_if_written(document))
    return aigis("verify", folder / "changed.json", "--data", "synthetic")


def test_frozen_gates_keep_the_graph_of_the_model_behind_the_defense(tmp_path):
    document = evaluated(tmp_path, "--model", f"{AIG}:gates=argmax", "--model", f"{AIG}:gates=frozen", "--attack", "none",
                         "--defense", "none", "--defense", "jpeg:quality=10", "--eps", "0")
    argmax, argmax_behind, frozen, frozen_behind = (run["gates"]["before"]["per_layer"] for run in document["runs"])
    assert argmax != argmax_behind, "a defense that turns a gate"
    assert (frozen, frozen_behind) == (argmax, argmax_behind)


def test_fixed_noise_is_that_of_the_seed(tmp_path):
    rates = []
    for seed in ["0", "3"]:
        (run,) = evaluated(tmp_path / seed, "--model", f"{AIG}:gates=sampled,noise=fixed", "--attack", "none", "--eps", "0",
                           "--seed", seed)["runs"]
        rates.append(run["gates"]["before"]["per_layer"])
    assert rates[0] != rates[1]


def test_fixed_noise_was_that_of_seed_0_before_1_14(tmp_path):
    """Nothing else of such a verdict hangs on the seed."""
    document = evaluated(tmp_path, "--model", f"{AIG}:gates=sampled,noise=fixed", "--attack", "fgsm", "--eps", "8/255")
    document["config"]["seed"] = 3
    for run in document["runs"]:
        run["seed"] = 3
    result = verified_as(tmp_path, of_version(document, "1.13"))
    assert result.returncode == 0 and "24 verdicts of 1 runs judged again: 0 disagreements" in result.stdout, result
    result = verified_as(tmp_path, document)
    assert result.returncode == 1 and "/runs/0/" in result.stdout, result


def test_frozen_gates_behind_a_defense_are_not_judged_again_before_1_14(tmp_path):
    """They kept another graph, with other answers and rates."""
    document = evaluated(tmp_path, "--model", f"{AIG}:gates=frozen", "--attack", "fgsm", "--eps", "8/255",
                         "--defense", "none", "--defense", "jpeg:quality=10")
    bare, behind = document["runs"]
    behind["gates"] = bare["gates"]
    result = verified_as(tmp_path, of_version(document, "1.13"))
    assert "1 runs of frozen gates behind a defense are not judged again" in result.stdout, result
    assert result.returncode == 0 and "24 verdicts of 1 runs judged again: 0 disagreements" in result.stdout, result
    result = verified_as(tmp_path, document)
    assert result.returncode == 1 and "/runs/1/gates" in result.stdout, result


def test_frozen_gates_had_no_record_before_1_17(tmp_path):
    """On clean images they are argmax, whose accuracy training recorded."""
    document = evaluated(tmp_path, "--model", f"{AIG}:gates=frozen", "--attack", "fgsm", "--eps", "8/255")
    (run,) = document["runs"]
    assert not [flag for flag in run["flags"] if flag["check"].startswith("clean-accuracy")]
    run["flags"].append({"check": "clean-accuracy-unchecked", "level": "info", "message": "no record", "numbers": {}})
    result = verified_as(tmp_path, dict(document, version="1.16"))
    assert result.returncode == 0, result
    result = verified_as(tmp_path, document)
    assert result.returncode == 1 and "/runs/0/flags" in result.stdout, result
