"""One folder of asv results from several: the tracked history and this machine's ordinary runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from anisoap_bench.asv_files import Json, Results, read_json, read_results
from anisoap_bench.dashboard.load import LOADED, kept_apart
from anisoap_bench.errors import CannotMeasure


@dataclass
class Merged:
    """What the merged folder holds: only results that asv will show."""

    folder: Path
    machines: dict[str, Json]  # descriptions
    benchmarks: dict[str, Json]  # descriptions
    results: dict[str, list[Results]]  # by machine

    @property
    def commits(self) -> dict[str, int]:
        """Date of every measured commit, milliseconds since 1970."""
        return {one.commit: one.about["date"] for found in self.results.values() for one in found}

    def measured(self, benchmark: str) -> dict[str, list[Results]]:
        """Results of a benchmark by machine, the one with the most commits first, those under load last."""
        found = {name: [one for one in files if benchmark in one.rows] for name, files in self.results.items()}
        order = sorted(found, key=lambda name: (name.endswith(LOADED), -len(found[name])))
        return {name: found[name] for name in order if found[name]}


def merge(sources: list[Path], commits: set[str], folder: Path) -> Merged:
    """Write the results of several of asv's folders into one, made anew, in which each measurement is once.

    A machine under load is another machine (`load`). Of two results of one benchmark in one environment at one commit,
    the one that was started later stays. Only these commits, which asv can show, are taken. CannotMeasure if there is
    no result, a file is not asv's, or two machines have one name.
    """
    machines: dict[str, Json] = {}
    described: list[Json] = []
    files: dict[tuple[str, str], Results] = {}  # by machine and name of the file
    for path in (path for source in sources for path in sorted(source.glob("*/machine.json"))):
        name, description = path.parent.name, read_json(path)
        if machines.setdefault(name, description) != description or description.get("machine") != name:
            raise CannotMeasure(f"{path} is of another machine: give its folder, and it, another name")
        described.append(read_json(path.parents[1] / "benchmarks.json"))
        for found in read_results(path.parent):
            for behind, one in kept_apart(found).items() if found.commit in commits else ():
                shown = name + behind
                machines.setdefault(shown, {**description, "machine": shown})
                one.about = {**one.about, "params": {**one.about["params"], "machine": shown}}
                before = files.get((shown, one.file))
                files[shown, one.file] = one if before is None else _union(before, one)
    benchmarks = _newest(described, files.values())
    results: dict[str, list[Results]] = {}
    for (name, _), one in sorted(files.items()):
        one.rows = {name: row for name, row in one.rows.items() if _is_shown(name, one, benchmarks)}
        if one.rows:
            results.setdefault(name, []).append(one)
    if not results:
        raise CannotMeasure(
            f"no results of this branch in {' or '.join(map(str, sources))}: run `make bench` or `make history`"
        )
    measured = {name for found in results.values() for one in found for name in one.rows}
    merged = Merged(
        folder,
        {name: machines[name] for name in results},
        {name: benchmarks[name] for name in sorted(measured)},
        results,
    )
    _write(merged)
    return merged


def _union(first: Results, second: Results) -> Results:
    """Results of both files, of each benchmark the later one."""
    later = {
        name: row
        for name, row in second.rows.items()
        if name not in first.rows or second.started(name) >= first.started(name)
    }
    return Results(first.file, first.about, {**first.rows, **later})


def _newest(described: list[Json], results: Iterable[Results]) -> dict[str, Json]:
    """Of each benchmark the description whose version was measured last: asv shows results of that version only."""
    last: dict[tuple[str, str], int] = {}
    for one in results:
        for name, row in one.rows.items():
            key = (name, row["version"])
            last[key] = max(last.get(key, 0), one.started(name))
    # The key "version" beside the benchmarks is that of the file's format.
    descriptions = [one for file in described for name, one in file.items() if name != "version"]
    descriptions.sort(key=lambda one: last.get((one["name"], one["version"]), -1))
    return {one["name"]: one for one in descriptions}


def _is_shown(name: str, results: Results, benchmarks: dict[str, Json]) -> bool:
    """Whether a result is of the version described, and has a number."""
    version = benchmarks.get(name, {}).get("version")
    return version == results.rows[name]["version"] and bool(results.numbers(name))


def _write(merged: Merged) -> None:
    shutil.rmtree(merged.folder, ignore_errors=True)
    for name, description in merged.machines.items():
        (merged.folder / name).mkdir(parents=True)
        (merged.folder / name / "machine.json").write_text(json.dumps(description), encoding="utf-8")
        for one in merged.results[name]:
            one.write(merged.folder / name)
    described = json.dumps({**merged.benchmarks, "version": 2})
    (merged.folder / "benchmarks.json").write_text(described, encoding="utf-8")
