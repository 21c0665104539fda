"""Counts test cases, not programs, after a run of ctest, and names each one that was skipped with its reason.

    count_tests.py CTEST_JUNIT CASES_FOLDER

CTEST_JUNIT is what `ctest --output-junit` wrote; CASES_FOLDER holds the JUnit files that GoogleTest and pytest
wrote themselves, NAME.xml for the test NAME. A test without such a file (it crashed, or is a plain command) counts
as one case, and one that failed although all its cases passed (it died while ending) as one failure more.
"""

import argparse
import xml.etree.ElementTree as ET

import given


def verdict(case):
    """('passed' | 'failed' | 'skipped', reason) of one case; None of a disabled one."""
    skipped = case.find("skipped")
    if skipped is not None:
        return "skipped", " ".join((skipped.get("message") or skipped.text or "").split())
    if case.get("status") == "notrun":  # GoogleTest's word for it
        return None
    failed = case.find("failure") is not None or case.find("error") is not None
    return "failed" if failed else "passed", ""


def verdict_of_program(test):
    """The same of one test of ctest, which calls 'notrun' both what asked to be skipped and what is not there."""
    if test.get("status") == "notrun":
        reason = test.find("skipped").get("message")
        return ("skipped", "no case in it could run") if reason.startswith("SKIP_") else ("failed", reason)
    return {"run": ("passed", ""), "fail": ("failed", "")}.get(test.get("status"))


def cases_of(test, folder):
    """(name, (verdict, reason)) of every case of one test of ctest."""
    name, whole = test.get("name"), verdict_of_program(test)
    if whole is None:
        return
    file = folder / f"{name}.xml"
    cases = list(ET.parse(file).iter("testcase")) if file.exists() else []
    verdicts = [(f"{name}: {case.get('classname')}.{case.get('name')}", verdict(case)) for case in cases]
    verdicts = [(case, found) for case, found in verdicts if found]
    yield from verdicts
    if not verdicts and (not file.exists() or whole[0] != "passed"):  # all filtered out is no case at all
        yield name, whole
    elif whole[0] == "failed" and all(found[0] != "failed" for _, found in verdicts):
        yield f"{name}: its end", whole


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", type=given.file, metavar="CTEST_JUNIT")
    parser.add_argument("folder", type=given.folder_with(), metavar="CASES_FOLDER")
    arguments = parser.parse_args()
    tests = ET.parse(arguments.record).iter("testcase")
    cases = [case for test in tests for case in cases_of(test, arguments.folder)]
    for outcome in ("skipped", "failed"):
        for name, (found, reason) in cases:
            if found == outcome:
                print(f"{outcome}: {name}" + (f": {reason}" if reason else ""))
    count = {outcome: sum(found == outcome for _, (found, _) in cases) for outcome in ("passed", "failed", "skipped")}
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))


if __name__ == "__main__":
    main()
