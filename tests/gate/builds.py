"""Two builds that are nowhere, for processes that are never run, and small ones that are."""

from __future__ import annotations

from pathlib import Path

from anisoap_bench.gate.build import Build
from tests.gate.small_repository import PACKAGE, write

BASE, HEAD = (Build(name, Path(name), name) for name in ("base", "head"))


def installed(folder: Path, name: str, package: str = PACKAGE) -> Build:
    """A build of a small package, below a folder."""
    write(folder / name, {"anisoap_opt/__init__.py": package})
    return Build(name, folder / name, "abc")


def doing(*lines: str) -> str:
    """The package, with these lines in its benchmark."""
    assert "    return sum" in PACKAGE
    return PACKAGE.replace("    return sum", "".join(f"    {line}\n" for line in lines) + "    return sum")
