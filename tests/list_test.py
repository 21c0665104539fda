"""What `aigis list` names is what there is."""

import json
import re

from program import ROOT, aigis


def test_checks_are_those_of_the_documentation():
    table = re.search(r"\| Check \| Level \|.*?\n\n", (ROOT / "docs/checks.md").read_text(), re.DOTALL).group()
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    documented = [name for cell in first_cells for name in re.findall(r"`([a-z0-9-]+)`", cell)]
    listed = [check["name"] for check in json.loads(aigis("list", "checks", "--json").stdout)]
    assert sorted(listed) == sorted(documented)


def test_a_check_that_flags_tell_of_is_one_of_them():
    result = aigis("list", "checks", "gradients")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("gradients: ") and "level any (off, too), where the runs have what it looks at" in result.stdout
