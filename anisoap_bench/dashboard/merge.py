"""One folder of asv results from several: the tracked history and this machine's ordinary runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure

Json = dict[str, Any]


@dataclass
class Merged:
    """What the merged folder holds: only results that asv will show."""

    folder: Path
    machines: dict[str, Json] = field(default_factory=dict)
    benchmarks: dict[str, Json] = field(default_factory=dict)  # descriptions of those with a result
    files: list[Json] = field(default_factory=list)  # contents of the result files
    left_out: int = 0  # commits with results that are not on this branch

    @property
    def commits(self) -> dict[str, int]:
        """Date of every measured commit, milliseconds since 1970."""
        return {content["commit_hash"]: content["date"] for content in self.files}


def merge(sources: Iterable[Path], commits: set[str], folder: Path) -> Merged:
    """Write the results of several folders into one, in which each measurement is once.

    Parameters
    ----------
    sources : iterable of pathlib.Path
        asv's ``results_dir`` folders; those that do not exist are passed over. A machine that two of them describe
        differently is two machines: the one of the later source gets " (here)" behind its name. Of two results of one
        benchmark in one environment at one commit, the one that was started later stays.
    commits : set of str
        Hashes that asv can show; results of others are left out.
    folder : pathlib.Path
        Is made anew.

    Raises
    ------
    CannotMeasure
        If there is no result, or a file is not what asv writes.
    """
    sources, merged = list(sources), Merged(folder)
    described: list[Json] = []
    contents: dict[tuple[str, str], Json] = {}  # by machine and name of the file
    left_out: set[str] = set()
    for source in sources:
        paths = [path for path in sorted(source.glob("*/*.json")) if path.name != "machine.json"]
        described += [_read(source / "benchmarks.json")] if paths else []
        for machine in sorted({path.parent for path in paths}):
            name = _add_machine(merged.machines, _describe(machine))
            for path in (path for path in paths if path.parent == machine):
                content = _read(path, "commit_hash", "date", "params", "results", "result_columns")
                if content["commit_hash"] not in commits:
                    left_out.add(content["commit_hash"])
                    continue
                content["params"]["machine"] = name
                key = (name, path.name)
                contents[key] = _union(contents[key], content) if key in contents else content
    descriptions = _newest_descriptions(described, contents.values())
    for key, content in list(contents.items()):
        content["results"] = {n: row for n, row in content["results"].items() if _is_shown(n, content, descriptions)}
        if not content["results"]:
            del contents[key]
    measured = {name for content in contents.values() for name in content["results"]}
    merged.benchmarks = {name: descriptions[name] for name in sorted(measured)}
    merged.files, merged.left_out = list(contents.values()), len(left_out)
    merged.machines = {name: merged.machines[name] for name in sorted({name for name, _ in contents})}
    if not contents:
        others = f" ({merged.left_out} commits with results are not on this branch)" if left_out else ""
        raise CannotMeasure(
            f"no results in {' or '.join(map(str, sources))}{others}: run `make bench` or `make history`"
        )
    _write(merged, contents)
    return merged


def _read(path: Path, *keys: str) -> Json:
    """A JSON object that has the keys, or CannotMeasure."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CannotMeasure(f"{path} is missing, but there are results beside it") from error
    except (OSError, ValueError) as error:
        raise CannotMeasure(f"{path}: {error}") from error
    missing = set(keys) - set(content) if isinstance(content, dict) else {"an object"}
    if missing:
        raise CannotMeasure(f"{path} is not a file of asv: it lacks {', '.join(sorted(missing))}")
    return content  # type: ignore[no-any-return]


def _describe(machine: Path) -> Json:
    """What asv says of a machine; its name is that of the folder with its results, and becomes one again."""
    description = _read(machine / "machine.json", "machine")
    if description["machine"] != machine.name:
        raise CannotMeasure(f"{machine / 'machine.json'} is of another machine: {description['machine']!r}")
    return description


def _add_machine(machines: dict[str, Json], description: Json) -> str:
    """Name under which results of this machine are shown."""
    name: str = description["machine"]
    if machines.setdefault(name, description) != description:
        name += " (here)"
        machines[name] = {**description, "machine": name}
    return name


def _column(content: Json, name: str, column: str) -> Any:
    """One column of a benchmark's row; asv leaves out what is None at a row's end."""
    row = dict(zip(content["result_columns"], content["results"][name], strict=False))
    return row.get(column)


def _started(content: Json, name: str) -> int:
    return _column(content, name, "started_at") or 0


def _union(first: Json, second: Json) -> Json:
    """Results of both files, of each benchmark the later one."""
    if first["result_columns"] != second["result_columns"]:
        return max(
            first, second, key=lambda content: max((_started(content, n) for n in content["results"]), default=0)
        )
    later = {
        name: row
        for name, row in second["results"].items()
        if name not in first["results"] or _started(second, name) >= _started(first, name)
    }
    return {**first, "results": {**first["results"], **later}}


def _newest_descriptions(described: list[Json], contents: Iterable[Json]) -> dict[str, Json]:
    """Of each benchmark the description whose version was measured last: asv shows results of that version only."""
    latest: dict[tuple[str, str], int] = {}
    for content in contents:
        for name in content["results"]:
            key = (name, str(_column(content, name, "version")))
            latest[key] = max(latest.get(key, 0), _started(content, name))
    newest: dict[str, Json] = {}
    for one in described:
        for name, description in one.items():
            if name == "version":  # of the file's format
                continue
            before = newest.get(name, {"version": None})
            if latest.get((name, str(description["version"])), -1) >= latest.get((name, str(before["version"])), -1):
                newest[name] = description
    return newest


def _is_shown(name: str, content: Json, descriptions: dict[str, Json]) -> bool:
    """Whether a result is of the version described, and has a number: None is a failure, NaN what was skipped."""
    if name not in descriptions or _column(content, name, "version") != descriptions[name]["version"]:
        return False
    values = _column(content, name, "result")
    return any(value is not None and value == value for value in (values if isinstance(values, list) else [values]))


def _write(merged: Merged, contents: dict[tuple[str, str], Json]) -> None:
    shutil.rmtree(merged.folder, ignore_errors=True)
    for name, description in merged.machines.items():
        (merged.folder / name).mkdir(parents=True)
        (merged.folder / name / "machine.json").write_text(json.dumps(description), encoding="utf-8")
    for (name, file), content in contents.items():
        (merged.folder / name / file).write_text(json.dumps(content), encoding="utf-8")
    described = json.dumps({**merged.benchmarks, "version": 2})
    (merged.folder / "benchmarks.json").write_text(described, encoding="utf-8")
