"""Tables as CSV files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from anisoap_bench.files import write_whole


def write_table(path: Path, table: Any, float_format: str | None = "%.8g") -> None:
    """Write a pandas.DataFrame, and say so."""
    write_whole(path, table.to_csv(index=False, float_format=float_format, lineterminator="\n"))
    print(f"{path}: {len(table)} rows", file=sys.stderr)
