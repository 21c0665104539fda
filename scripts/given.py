"""Types of arguments for argparse: files and folders that scripts are given, and what is in them."""

import json
from argparse import ArgumentTypeError
from pathlib import Path


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


def document(schema):
    """A JSON file that says that it is of this schema."""
    def parsed(text):
        try:
            content = json.loads(file(text).read_text())
        except ValueError as error:
            raise ArgumentTypeError(f"'{text}' is no JSON: {error}") from None
        if not isinstance(content, dict) or content.get("schema") != schema:
            raise ArgumentTypeError(f"'{text}' is of another kind; expected a file with \"schema\": \"{schema}\"")
        return content

    return parsed


report = document("aigis-report")
