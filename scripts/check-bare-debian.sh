#!/usr/bin/env bash
# Holds that the README's first commands work on a bare Debian 12: makes one in FOLDER with debootstrap, clones
# this repository's HEAD into it and runs, in there,
#   1. scripts/setup.sh as an ordinary user, who must be told what to install (exit 2);
#   2. scripts/setup.sh as root, then once more, when it has nothing to do;
#   3. scripts/demo.sh and scripts/test.sh, each twice.
# Prints the seconds of each step. Needs root, debootstrap, the network and 8 GB; FOLDER is kept, and a later run
# there only takes up the new HEAD.
#
# Usage: scripts/check-bare-debian.sh [FOLDER] [setup|demo|test]...     (default: /tmp/aigis-bare-debian, all three)
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-/tmp/aigis-bare-debian}
steps=("${@:2}")
[ ${#steps[@]} -gt 0 ] || steps=(setup demo test)
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
  echo "check-bare-debian: needs root and debootstrap (apt-get install debootstrap)" >&2
  exit 2
fi

# A path that exists only after debootstrap finished; a half-made folder is made again.
if [ ! -x "$folder/usr/bin/apt-get" ] || [ -d "$folder/debootstrap" ]; then
  debootstrap bookworm "$folder"
fi
folder=$(cd "$folder" && pwd)
for mount in proc sys dev dev/shm; do
  mountpoint -q "$folder/$mount" || mount --bind "/$mount" "$folder/$mount"
done
trap 'for mount in dev/shm dev sys proc; do umount -l "$folder/$mount"; done' EXIT  # lazily: an interrupted step may still be ending
# How this machine reaches the network holds in there too: its resolver, apt's settings, its certificates.
cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
if compgen -G "/etc/apt/apt.conf.d/*prox*" >/dev/null; then cp /etc/apt/apt.conf.d/*prox* "$folder/etc/apt/apt.conf.d/"; fi
environment=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
  cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/outer-certificates.crt"
  environment+=(PIP_CERT=/etc/outer-certificates.crt)
fi
for name in http_proxy https_proxy no_proxy PIP_INDEX_URL PIP_DEFAULT_TIMEOUT CMAKE_BUILD_PARALLEL_LEVEL; do
  [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done

# inside COMMAND: runs it in the clone in there, without a terminal's input, and prints how long it took.
inside() {
  local start=$SECONDS status=0
  echo "== $*"
  chroot "$folder" /usr/bin/env -i "${environment[@]}" /bin/bash -c "cd /aigis && $*" </dev/null || status=$?
  echo "== $* : exit $status, $((SECONDS - start)) s"
  return "$status"
}

# A fresh clone; only what git ignores (.venv, build, runs) outlives the last check.
rm -rf "$folder/aigis.new"
git clone -q "$repository" "$folder/aigis.new"
for kept in .venv build runs; do
  if [ -d "$folder/aigis/$kept" ]; then mv "$folder/aigis/$kept" "$folder/aigis.new/$kept"; fi
done
rm -rf "$folder/aigis"
mv "$folder/aigis.new" "$folder/aigis"

for step in "${steps[@]}"; do
  case "$step" in
    setup)
      if ! chroot "$folder" dpkg-query -W cmake >/dev/null 2>&1; then
        status=0
        inside "setpriv --reuid=65534 --regid=65534 --clear-groups scripts/setup.sh" || status=$?
        if [ "$status" -ne 2 ]; then
          echo "check-bare-debian: without root, setup.sh must exit 2 where packages are missing" >&2
          exit 1
        fi
      fi
      inside scripts/setup.sh
      inside scripts/setup.sh
      ;;
    demo | test)
      inside "scripts/$step.sh"
      inside "scripts/$step.sh"
      ;;
    *)
      echo "check-bare-debian: unknown step '$step'; expected setup, demo or test" >&2
      exit 2
      ;;
  esac
done
