"""The scripts of scripts/gpu, with a program in aigis' place that ends as it is told."""

import re

from program import ROOT


def test_what_needs_a_gpu_says_cuda():
    """By this word 2-tests.sh finds it."""
    asking = set()
    for path in (ROOT / "tests").glob("*_test.cpp"):
        for unit in re.split(r"^(?=\S.*\{)", path.read_text(), flags=re.MULTILINE):
            if "hasCUDA()" in unit:
                asking.add(unit.partition("\n")[0])
    assert "class RecordedOnCuda : public Recorded {" in asking
    assert [head for head in asking if "Cuda" not in head] == []
