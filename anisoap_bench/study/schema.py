"""Reading what ``study run`` writes, checked before it is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Document = dict[str, Any]

VERSION = 1
"""The form of a version never changes once it is released."""


class NotARun(ValueError):
    """A file that is no result of ``study run``, or one of an unknown version; the message says why."""


def load(path: Path) -> Document:
    """A run; NotARun if the file is missing, is no JSON, or breaks ``schema.json``."""
    try:
        found: Document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise NotARun(f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NotARun(f"no valid JSON: {error}") from error
    check(found)
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def check(document: Document) -> None:
    """NotARun if a document breaks ``schema.json``."""
    import jsonschema

    schema = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    if error := jsonschema.exceptions.best_match(errors):
        raise NotARun(f"no result of `study run` of version {VERSION}: {error.json_path}: {error.message[:200]}")
    for record in document["files"]:
        if len(record["wall_seconds"]) != len(record["cpu_seconds"]) or min(record["wall_seconds"]) <= 0:
            raise NotARun(f"{record['file']} lacks processor times, or has a wall time of 0 s")
