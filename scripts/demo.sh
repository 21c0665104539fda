#!/usr/bin/env bash
# From nothing to a result: installs what is missing, builds, attacks the small committed models on images that
# the program makes itself, and draws the report as a page. Run again, it does only what is left to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/build.sh
mkdir -p runs/demo
build/aigis sweep configs/sweep/demo.json --out runs/demo/report.json
build/aigis plot runs/demo/report.json --out runs/demo/report.html
echo "$PWD/runs/demo/report.html"
