#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Arguments go to ctest: scripts/test.sh -R jpeg
# Ends with the reason of every skipped test and, on the last line, the count of test cases.
# AIGIS_DATA names the folder of the data sets; tests that need one say so where it is not there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/build.sh

# GoogleTest and pytest each write their cases beside ctest's own record, which knows only programs.
records="$PWD/build/Testing"
rm -rf "$records/cases" "$records/junit.xml"
mkdir -p "$records/cases"
export GTEST_OUTPUT="xml:$records/cases/"
status=0
ctest --test-dir build --output-on-failure -j2 --output-junit "$records/junit.xml" "$@" </dev/null || status=$?
if [ -f "$records/junit.xml" ]; then python3 scripts/count_tests.py "$records/junit.xml" "$records/cases"; fi
exit "$status"
