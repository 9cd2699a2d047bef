"""The pages of the documentation, and the blocks of code in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("anisoap_opt", "data", "docs", "results", "submit")
BUILT = {"_build", "generated"}
CODE = {"python", "bash", "sh", "shell", "console"}
# Written before a block that cannot run here: <!-- not run: the reason -->
NOT_RUN = re.compile(r"<!-- not run: (.+?) -->")


class Block(NamedTuple):
    """A block of code."""

    language: str
    code: str
    line: int
    reason: str
    """Why it is not run; "" if it is."""


def pages() -> list[str]:
    """Names of all pages, from the root."""
    found = {*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))}
    names = (path.relative_to(ROOT) for path in found if path.name != "CHANGELOG.md")
    return sorted(name.as_posix() for name in names if not BUILT & set(name.parts))


def text_of(page: str) -> str:
    """A page as it is written."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, first_line: int = 1) -> list[Block]:
    """Blocks of code of a page, in order, also those inside of directives."""
    found, reason, lines, row = [], "", text.splitlines(), 0
    while row < len(lines):
        if opening := re.fullmatch(r"( *)(`{3,})(\{?[\w-]*\}?).*", lines[row]):
            indent, fence, language = opening.groups()
            end = next(k for k in range(row + 1, len(lines)) if lines[k].strip() == fence)
            inside = "\n".join(line.removeprefix(indent) for line in lines[row + 1 : end]) + "\n"
            if language in CODE:
                found.append(Block(language, inside, first_line + row, reason))
            elif language.startswith("{"):
                found += blocks(inside, first_line + row + 1)
            row, reason = end, ""
        elif marker := NOT_RUN.fullmatch(lines[row].strip()):
            reason = marker[1]
        elif lines[row].strip():
            reason = ""
        row += 1
    return found


def commands(block: Block) -> list[str]:
    """The command lines of a block; of a console, what stands behind its prompt."""
    lines = block.code.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
