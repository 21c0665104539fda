#!/usr/bin/env python3
"""What the checks of an evaluation cost: the same PGD-10 run with none, the basic and all of them, in turns.

checks.py MODEL DATA [--limit 1000] [--rounds 3] [--levels basic full]: prints seconds and their share of the run without
checks. PGD takes all of its steps (stop=false).
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "scripts"))
from built import aigis  # noqa: E402
from given import count  # noqa: E402


def seconds(arguments, level):
    begin = time.monotonic()
    aigis("evaluate", "--model", arguments.model, "--data", arguments.data, "--limit", arguments.limit,
          "--attack", "pgd:steps=10,stop=false", "--eps", "8/255", "--checks", level)
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--limit", type=count, default=1000)
    parser.add_argument("--rounds", type=count, default=3)
    parser.add_argument("--levels", nargs="+", default=["basic", "full"])
    arguments = parser.parse_args()
    times = {level: [] for level in ("off", *arguments.levels)}
    for _ in range(arguments.rounds):
        for level, measured in times.items():
            measured.append(seconds(arguments, level))
    print("| checks | seconds, median [least, most] | above none, seconds | share of the run |\n|---|---|---|---|")
    for level, measured in times.items():
        above = statistics.median(m - off for m, off in zip(measured, times["off"]))
        print(f"| {level} | {statistics.median(measured):.1f} [{min(measured):.1f}, {max(measured):.1f}] | {above:.1f} | "
              f"{100 * above / statistics.median(times['off']):.1f} % |")


if __name__ == "__main__":
    main()
