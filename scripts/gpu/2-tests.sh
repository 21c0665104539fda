#!/usr/bin/env bash
# Runs the tests that need a GPU, those with Cuda in their name. About a minute; writes build-gpu/Testing/.
# Where there is no GPU such a test is skipped; here a skipped one is a failure.
#   DEVICE=cpu   accepts skipped tests, to try this script without a GPU
# Arguments go to ctest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

records="$PWD/build-gpu/Testing"
rm -rf "$records/cases" "$records/junit.xml"
mkdir -p "$records/cases"
export GTEST_OUTPUT="xml:$records/cases/" GTEST_FILTER='*Cuda*'
status=0
ctest --test-dir build-gpu -LE python --output-on-failure --output-junit "$records/junit.xml" "$@" || status=$?
counts=$(python3 scripts/count_tests.py "$records/junit.xml" "$records/cases")
echo "$counts"
if [ "${DEVICE:-cuda}" = cuda ] && ! grep -qE '^[1-9][0-9]* passed, 0 failed, 0 skipped$' <<<"$counts"; then
  echo "2-tests: not every test of the GPU ran and passed" >&2
  exit 1
fi
exit "$status"
