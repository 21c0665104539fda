"""Dependencies point one way: what a folder may include, and which libraries it may link. And they are there for
something: no header of an operator or of the standard library is included of which nothing is used.

    lib/core <- lib/{ops,data,metrics} <- lib/eval <- lib/train
    lib <- {models,attacks,defenses,reports} <- {bench,checks} <- cli <- tests

Folders that share a level know nothing of each other: an attack is given a model, it never names one.
"""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

LEVELS = [
    ["lib/core"],
    ["lib/ops", "lib/data", "lib/metrics"],
    ["lib/eval"],
    ["lib/train"],
    ["models", "attacks", "defenses", "reports"],
    ["bench", "checks"],
    ["cli"],
    ["tests"],
]
LEVEL_OF = {folder: level for level, folders in enumerate(LEVELS) for folder in folders}

SOURCES = {".h", ".cpp", ".cu", ".cuh", ".in"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
OPERATOR = re.compile(r"ATen/ops/(\w+)\.h")
COMMENT = re.compile(r"//.*")
# What is used of headers of the standard library whose names are few.
STANDARD = {
    "cmath": r"std::(abs|ceil|copysign|cos|erfc?|exp2?|expm1|floor|fmod|hypot|is(finite|inf|nan)|l?lround|lgamma|log|log1p|log2"
    r"|nextafter|pow|round|sin|sqrt|tan|trunc)\b|\bM_PI\b|\bNAN\b|\bINFINITY\b",
    "fstream": r"std::[io]?fstream",
    "functional": r"std::(function|greater|hash|less|plus|ref|reference_wrapper)\b",
    "limits": r"std::numeric_limits",
    "map": r"std::(multi)?map\b",
    "memory": r"std::(make_shared|make_unique|shared_ptr|unique_ptr|weak_ptr)\b",
    "numeric": r"std::(accumulate|gcd|inner_product|iota|lcm|midpoint|partial_sum|reduce|transform_reduce)\b",
    "optional": r"std::(optional|nullopt|make_optional)\b",
    "set": r"std::(multi)?set\b",
}
LIBRARY = re.compile(r"\baigis_library\(\s*(\w+)")
LINKED = re.compile(r"\baigis(?:::|_)(\w+)")


def folder_of(path):
    """The folder of the map above that a root-relative path lies in: 'lib/core', 'models' …; None for none."""
    parts = pathlib.PurePosixPath(path).parts
    for folder in ("/".join(parts[:2]), parts[0]):
        if folder in LEVEL_OF:
            return folder
    return None


def allowed(user, used):
    return user == used or LEVEL_OF[used] < LEVEL_OF[user]


def project_files(root):
    """(root-relative path, text) of every source and CMake file below the project's code folders."""
    for top in sorted({folder.split("/")[0] for folder in LEVEL_OF}):
        for path in sorted((root / top).rglob("*")):
            if path.is_file() and (path.suffix in SOURCES | {".cmake"} or path.name == "CMakeLists.txt"):
                yield path.relative_to(root).as_posix(), path.read_text()


def include_violations(path, text):
    folder = folder_of(path)
    if folder is None:
        yield f"{path}: belongs to no folder of the map in tests/layering_test.py"
        return
    for kind, header in INCLUDE.findall(text):
        used = folder_of(header)
        if used is None and kind == '"':
            yield f'{path}: includes "{header}"; project headers are named from the root'
        elif used is not None and not allowed(folder, used):
            yield f"{path}: includes {header}, but {folder} may not depend on {used}"


def idle_includes(path, text):
    code = COMMENT.sub("", INCLUDE.sub("", text))
    for _, header in INCLUDE.findall(text):
        operator = OPERATOR.fullmatch(header)
        used = rf"\b{operator[1]}_?\b" if operator else STANDARD.get(header)
        if used is not None and not re.search(used, code):
            yield f"{path}: includes <{header}>, and uses nothing of it"


def link_violations(path, text, home_of):
    folder = folder_of(path)
    for name in LINKED.findall(re.sub(r"#.*", "", text)):
        used = home_of.get(name)
        if used is not None and folder is not None and not allowed(folder, used):
            yield f"{path}: links aigis::{name}, but {folder} may not depend on {used}"


def violations(root):
    files = list(project_files(root))
    home_of = {name: folder_of(path) for path, text in files for name in LIBRARY.findall(text)}
    found = []
    for path, text in files:
        is_source = pathlib.PurePath(path).suffix in SOURCES
        found += include_violations(path, text) if is_source else link_violations(path, text, home_of)
        found += idle_includes(path, text) if is_source else []
        if "torch/torch.h" in text and folder_of(path) != "tests":
            found.append(f"{path}: names torch/torch.h, which costs 20 s a file; name what is used")
    return found


def test_the_project_keeps_its_layers():
    assert violations(ROOT) == []


def test_every_folder_of_the_map_was_read():
    read = {folder_of(path) for path, _ in project_files(ROOT)}
    assert read >= {folder for folder in LEVEL_OF if any((ROOT / folder).rglob("*.cpp"))} >= {"lib/core", "cli"}


@pytest.fixture
def tree(tmp_path):
    """A small project that keeps the layers, and plant(path, text) to add a file to it."""

    def plant(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        return violations(tmp_path)

    plant("lib/CMakeLists.txt", "add_subdirectory(core)\nadd_subdirectory(data)\n")
    plant("lib/core/CMakeLists.txt", "aigis_library(core SOURCES text.cpp LINK aigis::torch)  # not aigis::attacks\n")
    plant("lib/core/text.h", "#include <string>\n#include <ATen/core/Tensor.h>\n")
    plant("lib/data/CMakeLists.txt", "aigis_library(data\n  SOURCES a.cpp\n  LINK aigis::core)\n")
    plant("lib/data/a.cpp", '#include "lib/core/text.h"\n')
    plant("lib/ops/CMakeLists.txt", "aigis_library(ops SOURCES a.cpp LINK aigis::core)\n")
    plant("lib/eval/CMakeLists.txt", "aigis_library(eval SOURCES a.cpp LINK aigis::data aigis::ops)\n")
    plant("lib/eval/a.cpp", '#include "lib/data/a.h"\n#include "lib/eval/b.h"\n')
    plant("models/CMakeLists.txt", "aigis_library(models SOURCES a.cpp LINK aigis::ops)\n")
    plant("attacks/CMakeLists.txt", "aigis_library(attacks SOURCES a.cpp LINK aigis::eval)\n")
    plant("attacks/a.cpp", '#include "lib/eval/b.h"\n')
    plant("cli/CMakeLists.txt", "target_link_libraries(aigis PRIVATE aigis::models aigis::attacks)\n")
    plant("cli/main.cpp", '#include "attacks/a.h"\n#include "models/parts/a.h"\n')
    assert plant("tests/a_test.cpp", '#include <torch/torch.h>\n#include "cli/main.h"\n') == []
    return plant


PLANTED = {
    "core includes data": ("lib/core/b.cpp", '#include "lib/data/a.h"\n', "may not depend on lib/data"),
    "neighbours in lib": ("lib/ops/b.cpp", '#include "lib/data/a.h"\n', "may not depend on lib/data"),
    "evaluation includes training": ("lib/eval/b.cpp", '#include "lib/train/b.h"\n', "may not depend on lib/train"),
    "lib includes outside": ("lib/eval/c.h", '#include "models/a.h"\n', "may not depend on models"),
    "lib includes in brackets": ("lib/eval/c.h", "  # include <cli/main.h>\n", "may not depend on cli"),
    "an attack includes a model": ("attacks/b.h", '#include "models/parts/a.h"\n', "may not depend on models"),
    "a defense includes an attack": ("defenses/b.h", '#include "attacks/a.h"\n', "may not depend on attacks"),
    "a model includes a report": ("models/parts/b.h", '#include "reports/a.h"\n', "may not depend on reports"),
    "the command line includes a test": ("cli/b.cpp", '#include "tests/a.h"\n', "may not depend on tests"),
    "a path beside the file": ("attacks/b.cpp", '#include "../models/a.h"\n', "named from the root"),
    "a bare name": ("attacks/b.cpp", '#include "a.h"\n', "named from the root"),
    "a room that nobody knows": ("lib/misc/a.h", "#include <string>\n", "belongs to no folder"),
    "an operator that is not called": ("models/b.cpp", "#include <ATen/ops/cat.h>\n// at::cat\n", "uses nothing of it"),
    "mathematics without a function": ("models/b.cpp", "#include <cmath>\nint a = std::max(1, 2);\n", "uses nothing of it"),
    "all of torch": ("models/b.cpp", "#include <torch/torch.h>\n", "names torch/torch.h"),
    "all of torch, precompiled": ("cli/pch.cmake", "target_precompile_headers(a <torch/torch.h>)\n", "torch/torch.h"),
    "core links data": ("lib/core/CMakeLists.txt", "aigis_library(core\n  LINK\n aigis::data)\n", "links aigis::data"),
    "an attack links a model": ("attacks/b.cmake", "target_link_libraries(x aigis_models)\n", "links aigis::models"),
    "lib links outside": ("lib/eval/CMakeLists.txt", "aigis_library(eval LINK aigis::attacks)\n", "aigis::attacks"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_violation_is_found(tree, planted):
    path, text, message = PLANTED[planted]
    found = tree(path, text)
    assert len(found) == 1 and path in found[0] and message in found[0], found
