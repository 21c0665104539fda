#!/usr/bin/env bash
# Packs Debian's headers and libraries that aigis builds with into .deps/, for a machine that has neither these
# packages nor a network: copy the repository with .deps/ there, and 1-build.sh finds them.
#
# Runs on Debian 12 with the packages of scripts/apt-packages.txt. Takes seconds; writes .deps/ (about 36 MB, ignored
# by git) afresh. OpenCV's imgcodecs stays behind, since with what it needs it is far larger than all the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

packages=(libcli11-dev nlohmann-json3-dev libvalijson-dev libssl-dev libturbojpeg0-dev libopencv-core-dev
  libopencv-imgproc-dev libgtest-dev)
triplet=$(gcc -dumpmachine)
rm -rf .deps
mkdir -p .deps/include .deps/lib .deps/share

# Headers and CMake packages, at the paths they have below /usr: CMake packages find their prefix from their own place.
for package in "${packages[@]}"; do
  dpkg-query -L "$package" | while read -r path; do
    [ -f "$path" ] || continue
    case "$path" in
      /usr/include/* | /usr/share/cmake/* | /usr/lib/cmake/* | /usr/lib/"$triplet"/cmake/*)
        install -D -m 644 "$path" ".deps/${path#/usr/}"
        ;;
    esac
  done
done
# Static libraries where their CMake packages look for them: no library of theirs is needed to run.
for library in gtest gtest_main; do
  install -D -m 644 "/usr/lib/$triplet/lib$library.a" ".deps/lib/$triplet/lib$library.a"
done
# A multi-arch header folder is not one that every compiler searches.
cp -r ".deps/include/$triplet/." .deps/include/

# Shared libraries by the name the loader asks for, with all they need in turn but the C and C++ runtimes; and each
# that aigis links also by the name the linker asks for.
libraries=(opencv_core opencv_imgproc turbojpeg crypto)
for library in "${libraries[@]}"; do
  file=$(readlink -f "/usr/lib/$triplet/lib$library.so")
  name=$(objdump -p "$file" | awk '/SONAME/ {print $2}')
  cp "$file" ".deps/lib/$name"
  ln -sf "$name" ".deps/lib/lib$library.so"
  ldd "$file" | awk '$2 == "=>" && $3 ~ /^\// {print $1, $3}'
done | sort -u | while read -r name file; do
  case "$name" in
    libc.so* | libm.so* | libdl.so* | libpthread.so* | librt.so* | ld-linux* | libstdc++.so* | libgcc_s.so*) ;;
    *) cp -Ln "$file" ".deps/lib/$name" ;;
  esac
done
chmod 644 .deps/lib/*.so*
du -sh --apparent-size .deps
