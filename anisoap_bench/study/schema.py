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
    """A run.

    Raises
    ------
    NotARun
        If the file is missing, is no JSON, is something else's JSON, is of an unknown version, or breaks the schema.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise NotARun(f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NotARun(f"no valid JSON: {error}") from error
    if not isinstance(found, dict) or "schema_version" not in found:
        raise NotARun("not a result of `study run`: it has no schema_version")
    version = found["schema_version"]
    if type(version) is not int or version != VERSION:
        raise NotARun(f"schema version {version!r} is not known, only {VERSION}")
    check(found)
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def check(document: Document) -> None:
    """NotARun if a document breaks ``schema.json``."""
    import jsonschema

    schema = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if error is not None:
        raise NotARun(f"breaks the schema at {error.json_path}: {error.message[:200]}")
    for record in document["files"]:
        if len(record["wall_seconds"]) != len(record["cpu_seconds"]):
            raise NotARun(f"{record['file']} has not as many wall times as processor times")
        if min(record["wall_seconds"]) <= 0:
            raise NotARun(f"{record['file']} has a wall time of 0 s")
