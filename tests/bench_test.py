"""`aigis bench attack` takes the steps of an attack as an evaluation does."""

import pytest

from program import AIG, RESNET, aigis

WATCHED = ": what it breaks is watched at each pass, as in an evaluation where the attack sees its judge"


@pytest.mark.parametrize("model, attack, against, watched", [
    (RESNET, "pgd", None, ["pgd"]), (RESNET, "pgd:target=3", "bim", ["pgd", "bim"]),
    (f"{AIG}:gates=argmax", "gate-sloth", "pgd", ["pgd"]), (f"{AIG}:gates=sampled", "pgd", None, [])])
def test_attacks_are_watched_as_in_an_evaluation(model, attack, against, watched):
    def short(name):
        return f"{name}{',' if ':' in name else ':'}steps=2"
    beside = ["--against", short(against)] if against else []
    result = aigis("bench", "attack", "--model", model, "--attack", short(attack), *beside, "--batch", 2, "--count", 1)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.removesuffix(WATCHED) for line in lines if line.endswith(WATCHED)] == watched
