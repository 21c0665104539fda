#!/usr/bin/env bash
# Installs what is missing and builds everything; the program is then at build/aigis.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
# Ninja runs CMake again by itself when a CMakeLists.txt changes, but knows nothing of presets.
[ build/build.ninja -nt CMakePresets.json ] || cmake --preset release
cmake --build --preset release
