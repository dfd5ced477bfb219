"""The JSON Schema of a report, from the model. `python -m tests.schema` writes the file that is shipped."""

from __future__ import annotations

from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

import bouncery
from bouncery import Report

PATH = Path(bouncery.__file__).with_name("report.schema.json")


def schema() -> bytes:
    """Give the schema, laid out."""
    return msgspec.json.format(msgspec.json.encode(described(msgspec.json.schema(Report))), indent=2) + b"\n"


def described(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Give descriptions without the indentation that interpreters before 3.13 leave in docstrings."""
    if isinstance(node, dict):
        return {
            key: cleandoc(value) if key == "description" and isinstance(value, str) else described(value)
            for key, value in node.items()
        }
    return [described(item) for item in node] if isinstance(node, list) else node


if __name__ == "__main__":
    PATH.write_bytes(schema())
