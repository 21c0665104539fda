#!/usr/bin/env bash
# Installs what building, testing and running need: the Debian packages of scripts/apt-packages.txt and
# a Python environment in .venv with the pins of scripts/requirements.txt. Does nothing that is done already.
# Exit codes: 0 all is there, 2 packages are missing and only root may install them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The packages of the list that dpkg does not know as installed, one a line.
missing_packages() {
  sed 's/#.*//' scripts/apt-packages.txt | while read -r package; do
    [ -n "$package" ] || continue
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || echo "$package"
  done
}

if command -v dpkg-query >/dev/null; then
  read -ra missing <<<"$(missing_packages | xargs)"
  if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" -ne 0 ]; then
    echo "setup: ${#missing[@]} packages are missing. Install them, then run this again:" >&2
    echo "sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 2
  elif [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends "${missing[@]}"
  fi
else
  echo "setup: not a Debian system; what to install by other means is listed in scripts/apt-packages.txt" >&2
fi

# The stamp names the pins and the Python they were installed for, so that a change of either installs again.
stamp=.venv/installed-pins
pins=$(python3 -c 'import sys; print(sys.version)' | cat - scripts/requirements.txt | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$pins" ]; then
  echo "setup: installing scripts/requirements.txt into .venv (the first time about 75 s and 4.7 GB, nearly all of it torch)"
  python3 -m venv .venv
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-input -r scripts/requirements.txt
  echo "$pins" >"$stamp"
fi

# As cmake/LibTorch.cmake decides under AIGIS_CUDA=AUTO. The wheel brings the CUDA libraries that the program links; nvcc,
# where it is found, adds kernels of this project's own.
if command -v nvidia-smi nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ]; then
  echo "setup: done; a build will use the CPU and CUDA"
else
  echo "setup: done; a build will be for the CPU only (neither nvidia-smi nor nvcc was found)"
fi
