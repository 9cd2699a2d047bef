"""What makes a block finished: a small file beside it, written after it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from anisoap_opt.folder import atomic
from anisoap_opt.folder.tasks import Skipped


class Record(NamedTuple):
    """A finished block.

    Attributes
    ----------
    file : str
        Where its features are, from the folder on.
    rows : int
    size : int
        Of the file, bytes.
    sha256 : str
        Of the file.
    skipped : list of Skipped
    """

    file: str
    rows: int
    size: int
    sha256: str
    skipped: list[Skipped]


def name_of(block: int) -> str:
    """Of a block's files, without suffix."""
    return f"block-{block:06}"


def write_record(folder: Path, block: int, record: Record) -> None:
    """Say that a block is finished."""
    values = {**record._asdict(), "skipped": [one._asdict() for one in record.skipped]}
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    atomic.write(folder / f"{name_of(block)}.json", lambda file: file.write(text.encode()))


def read_record(folder: Path, block: int) -> Record | None:
    """A block's record; None if the block is not finished, for whatever reason."""
    try:
        values: dict[str, Any] = json.loads((folder / f"{name_of(block)}.json").read_bytes())
        record = Record(**{**values, "skipped": [Skipped(**one) for one in values["skipped"]]})
        whole = os.stat(folder / record.file).st_size == record.size
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    return record if whole else None


def read_records(folder: Path, num_blocks: int) -> dict[int, Record]:
    """Records of all blocks that are finished."""
    found = ((block, read_record(folder, block)) for block in range(num_blocks))
    return {block: record for block, record in found if record is not None}


def in_words(blocks: list[int]) -> str:
    """Numbers of blocks, those that follow each other as a range."""
    parts: list[str] = []
    begin = 0
    for k in range(1, len(blocks) + 1):
        if k == len(blocks) or blocks[k] != blocks[k - 1] + 1:
            parts.append(str(blocks[begin]) if k - begin == 1 else f"{blocks[begin]}–{blocks[k - 1]}")
            begin = k
    return ", ".join(parts[:20]) + (", …" if len(parts) > 20 else "")
