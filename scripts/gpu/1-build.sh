#!/usr/bin/env bash
# Builds aigis and its tests for the GPU into build-gpu/. About 3 minutes on 16 cores.
#
# Needs cmake 3.25, ninja, g++ 12, nvcc and a Python with torch 2.11; no network. Headers and libraries come from .deps/
# (scripts/gpu/pack-deps.sh) where that folder exists, from Debian's packages otherwise.
#   DEVICE=cpu       builds for the CPU only, to try these scripts without a GPU
#   PYTHON=COMMAND   the Python that has torch (python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=$(command -v "${PYTHON:-python3}")
options=(-DCMAKE_BUILD_TYPE=Release -DAIGIS_PYTHON="$python" -DAIGIS_PNG=OFF)
if [ "${DEVICE:-cuda}" = cpu ]; then options+=(-DAIGIS_CUDA=OFF); else options+=(-DAIGIS_CUDA=ON); fi
if [ -d .deps ]; then
  # The old kind of RPATH: unlike RUNPATH it also holds for what the packed libraries need in turn.
  options+=(-DCMAKE_PREFIX_PATH="$PWD/.deps" -DOPENSSL_ROOT_DIR="$PWD/.deps"
    -DCMAKE_BUILD_RPATH="$PWD/.deps/lib" -DCMAKE_EXE_LINKER_FLAGS="-Wl,--disable-new-dtags,-rpath-link,$PWD/.deps/lib")
fi
cmake -G Ninja -B build-gpu "${options[@]}"
cmake --build build-gpu
build-gpu/aigis --version
