"""asv's files: its configuration, and what it writes of a commit."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure

Json = dict[str, Any]


def configuration(root: Path) -> Json:
    """Contents of a checkout's ``asv.conf.json``."""
    from asv.config import Config
    from asv.util import UserError

    try:
        return dict(vars(Config.load(root / "asv.conf.json")))
    except (UserError, ValueError) as error:
        raise CannotMeasure(f"asv.conf.json: {error}") from error


def read_json(path: Path) -> Json:
    """An object, or CannotMeasure."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise CannotMeasure(f"{path} is not a file of asv: {error}") from error


@dataclass
class Results:
    """One file of results: of a commit, in one environment, on one machine."""

    file: str  # its name
    about: Json  # all that it says beside the results
    rows: dict[str, Json]  # by benchmark and column: its version, when it was started, its parameters, its results, …

    @property
    def commit(self) -> str:
        """Hash of the commit."""
        return str(self.about["commit_hash"])

    def started(self, benchmark: str) -> int:
        """When a benchmark was started, milliseconds since 1970."""
        return self.rows[benchmark].get("started_at") or 0

    def values(self, benchmark: str) -> dict[tuple[str, ...], float | None]:
        """Of each combination of parameters: None where it failed, NaN where it was skipped."""
        if benchmark not in self.rows:
            return {}
        row = self.rows[benchmark]
        keys = list(itertools.product(*([value.strip("'") for value in axis] for axis in row["params"])))
        return dict(zip(keys, row["result"] or [None] * len(keys), strict=True))

    def numbers(self, benchmark: str) -> dict[tuple[str, ...], float]:
        """Of each combination of parameters that was measured."""
        return {key: value for key, value in self.values(benchmark).items() if value is not None and value == value}

    def write(self, folder: Path) -> None:
        """Write the file, as asv does, into a machine's folder."""
        columns = list(dict.fromkeys(column for row in self.rows.values() for column in row))
        rows = {name: [row.get(column) for column in columns] for name, row in self.rows.items()}
        content = json.dumps({**self.about, "result_columns": columns, "results": rows})
        (folder / self.file).write_text(content, encoding="utf-8")


def read_results(folder: Path) -> list[Results]:
    """What the folder of one machine holds; nothing if it is missing. CannotMeasure names a file that is not asv's."""
    found = []
    for path in sorted(folder.glob("*.json")):
        if path.name == "machine.json":
            continue
        about = read_json(path)
        try:  # asv leaves out what is None at a row's end
            columns, rows = about.pop("result_columns"), about.pop("results")
            results = Results(path.name, about, {name: dict(zip(columns, rows[name], strict=False)) for name in rows})
            for name in rows:
                results.values(name)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise CannotMeasure(f"{path} is not a file of asv: {error!r}") from error
        found.append(results)
    return found
