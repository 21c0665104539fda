"""The README's section 'As a library' is a project that configures, and its program is built and runs."""

import os
import re
import subprocess
import sys

from program import ROOT


def block(language):
    """The README's only block of code in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return text


def test_the_program_is_the_one_that_is_built():
    assert block("cpp") == (ROOT / "tests/readme_example.cpp").read_text()


def test_the_program_runs():
    result = subprocess.run([os.environ["AIGIS_README_EXAMPLE"]], cwd=ROOT, capture_output=True, text=True, check=True)
    clean, images, attacked = map(int, re.findall(r"\d+", result.stdout))
    assert 0 < attacked < clean <= images


def test_the_project_configures(tmp_path):
    """As a part of another project aigis brings no tests, and its warnings stop nobody's build."""
    (tmp_path / "aigis").symlink_to(ROOT)
    (tmp_path / "CMakeLists.txt").write_text(block("cmake"))
    (tmp_path / "main.cpp").write_text(block("cpp"))
    settings = [f"-DAIGIS_PYTHON={sys.executable}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
    result = subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", *settings], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    commands = (tmp_path / "build/compile_commands.json").read_text()
    assert "main.cpp" in commands and "attacks/list.cpp" in commands
    assert "-Werror" not in commands and "aigis/tests/" not in commands
