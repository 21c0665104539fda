"""Runs that are killed, and the journals that they leave."""

import hashlib
import json
import time

from program import AIG, RESNET, start

SWEEP = ["sweep", "--model", RESNET, "--model", AIG + ":gates=sampled,draws=2", "--data", "synthetic:test=80", "--defense", "none",
         "--defense", "jpeg", "--access", "white-box,grey-box", "--eps", "0,4/255,8/255", "--batch", "20"]  # fmt: skip


def killed_when(reached, delay, *arguments):
    """Runs the program, and kills it so many seconds after it reached something, which it must outlive."""
    process = start(*arguments)
    while process.poll() is None and not reached():
        time.sleep(0.01)
    time.sleep(delay)
    assert process.poll() is None
    process.kill()
    process.wait()


def keys_of(journal):
    """Of the entries that it holds in full, in their order."""
    lines = journal.read_bytes().split(b"\n")[1:-1] if journal.exists() else []
    return [json.loads(line.split(b" ", 1)[1])["key"] for line in lines]


def sealed(entry):
    text = json.dumps(entry)
    return f"{hashlib.sha256(text.encode()).hexdigest()} {text}"
