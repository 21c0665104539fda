"""Types of arguments for argparse: numbers, and files and folders with what is in them."""

import json
from argparse import ArgumentTypeError
from fractions import Fraction
from pathlib import Path


def count(text):
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ArgumentTypeError(f"'{text}'; expected a whole number, at least 1")
    return int(text)


def budget(text):
    try:
        epsilon = Fraction(text)
    except (ValueError, ZeroDivisionError):
        epsilon = 0
    if epsilon <= 0:
        raise ArgumentTypeError(f"'{text}'; expected a number above 0, such as 8/255")
    return epsilon


def file(text):
    if not Path(text).is_file():
        raise ArgumentTypeError(f"'{text}' is no file")
    return Path(text)


def folder_with(*names):
    def folder(text):
        if not Path(text).is_dir():
            raise ArgumentTypeError(f"'{text}' is no folder")
        for name in names:
            if not (Path(text) / name).exists():
                raise ArgumentTypeError(f"'{text}' does not hold {name}; expected a folder with {' and '.join(names)}")
        return Path(text)

    return folder


def json_file(text):
    try:
        return json.loads(file(text).read_text())
    except ValueError as error:
        raise ArgumentTypeError(f"'{text}' is no JSON: {error}") from None


def document(schema):
    """A JSON file that says that it is of this schema."""
    def parsed(text):
        content = json_file(text)
        if not isinstance(content, dict) or content.get("schema") != schema:
            raise ArgumentTypeError(f"'{text}' is of another kind; expected a file with \"schema\": \"{schema}\"")
        return content

    return parsed


report = document("aigis-report")
