"""Counts test cases, not programs, after a run of ctest, and names each one that was skipped with its reason.

    count_tests.py CTEST_JUNIT CASES_FOLDER

CTEST_JUNIT is what `ctest --output-junit` wrote; CASES_FOLDER holds the JUnit files that GoogleTest and pytest
wrote themselves, NAME.xml for the test NAME. A test without such a file (it crashed, or is a plain command) counts
as one case, and one that failed although all its cases passed (it died while ending) as one failure more.
"""

import pathlib
import sys
import xml.etree.ElementTree as ET


def verdict(case):
    """('passed' | 'failed' | 'skipped', reason) of one <testcase>; None where it did not run at all."""
    if case.get("status") in ("notrun", "disabled"):  # GoogleTest's word for a disabled or filtered case, and ctest's
        return None
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return "failed", ""
    skipped = case.find("skipped")
    if skipped is not None or case.get("result") == "skipped":
        reason = "" if skipped is None else (skipped.get("message") or skipped.text or "")
        return "skipped", " ".join(reason.split())
    return "passed", ""


def cases_of(test, folder):
    """(name, (verdict, reason)) of every case of one <testcase> of ctest."""
    name = test.get("name")
    whole = verdict(test)
    file = folder / f"{name}.xml"
    if whole is None:
        return
    if not file.exists():
        yield name, whole
        return
    failed = False
    for case in ET.parse(file).iter("testcase"):
        found = verdict(case)
        if found is not None:
            failed = failed or found[0] == "failed"
            yield f"{name}: {case.get('classname')}.{case.get('name')}", found
    if whole[0] == "failed" and not failed:
        yield f"{name}: its end", whole


def main():
    tests = ET.parse(sys.argv[1]).iter("testcase")
    cases = [case for test in tests for case in cases_of(test, pathlib.Path(sys.argv[2]))]
    for outcome in ("skipped", "failed"):
        for name, (found, reason) in cases:
            if found == outcome:
                print(f"{outcome}: {name}" + (f": {reason}" if reason else ""))
    count = {outcome: sum(found == outcome for _, (found, _) in cases) for outcome in ("passed", "failed", "skipped")}
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))


if __name__ == "__main__":
    main()
