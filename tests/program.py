"""Runs the program for the tests written in Python, which may import what is in scripts/."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "scripts"))
from built import PROGRAM, ROOT  # noqa: E402

RESNET = str(ROOT / "models/synthetic-resnet-8.safetensors")
AIG = str(ROOT / "models/synthetic-aig-8.safetensors")


def aigis(*arguments, threads=1, **options):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, env=environment, **options)


def start(*arguments):
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    return subprocess.Popen([PROGRAM, *map(str, arguments)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def refused(*arguments):
    """The one line of an exit with code 2."""
    result = aigis(*arguments)
    assert result.returncode == 2, result
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def report(path):
    return json.loads(Path(path).read_text())


def text_hash(text):
    """What `text_sha256` of a report with this text should be."""
    return hashlib.sha256(text.replace(json.loads(text)["text_sha256"], "0" * 64, 1).encode()).hexdigest()


def as_if_written(document):
    """The text of a changed report, with the hash that it would have had if it had been written so, if it has any."""
    text = json.dumps(document, indent=1) + "\n"
    return text if "text_sha256" not in document else text.replace(document["text_sha256"], text_hash(text), 1)


def of_version(document, version):
    """A report as that version would have written it: without a hash of its text before 1.11, and with `save_examples`
    named `examples`."""
    earlier = json.loads(json.dumps(dict(document, version=version)))
    if int(version.split(".")[1]) < 11:
        del earlier["text_sha256"]
    earlier["config"]["examples"] = earlier["config"].pop("save_examples")
    del earlier["config"]["save_examples_as"]
    for run in earlier["runs"]:
        del run["examples"]["dtype"]
    return earlier


def without_times(value):
    """A report without the fields that a clock writes, their hash, and without the command line."""
    if isinstance(value, dict):
        left_out = ("seconds", "images_per_second", "command_line", "text_sha256")
        return {k: without_times(v) for k, v in value.items() if k not in left_out}
    return [without_times(v) for v in value] if isinstance(value, list) else value
