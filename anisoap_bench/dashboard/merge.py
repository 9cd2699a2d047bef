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
    left_out: int  # commits with results that are not on this branch

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

    A machine that two of them describe differently is two machines: the one of the later source gets " (here)" behind
    its name. So is a machine under load (`load`). Of two results of one benchmark in one environment at one commit, the
    one that was started later stays.
    Only these commits, which asv can show, are taken. CannotMeasure if there is no result, or a file is not asv's.
    """
    machines: dict[str, Json] = {}
    described: list[Json] = []
    files: dict[tuple[str, str], Results] = {}  # by machine and name of the file
    left_out: set[str] = set()
    for source in sources:
        for machine in sorted(path for path in source.glob("*") if path.is_dir()):
            if not (found := read_results(machine)):
                continue
            name = _add_machine(machines, machine)
            described.append(read_json(source / "benchmarks.json"))
            left_out |= {one.commit for one in found} - commits
            parts = [part for one in found if one.commit in commits for part in kept_apart(one).items()]
            for behind, one in parts:
                shown = name + behind
                machines.setdefault(shown, {**machines[name], "machine": shown})
                one.about = {**one.about, "params": {**one.about["params"], "machine": shown}}
                before = files.get((shown, one.file))
                files[shown, one.file] = one if before is None else _union(before, one)
    benchmarks = _newest(described, files.values())
    for one in files.values():
        one.rows = {name: row for name, row in one.rows.items() if _is_shown(name, one, benchmarks)}
    measured = {name for one in files.values() for name in one.rows}
    results: dict[str, list[Results]] = {}
    for (name, _), one in sorted(files.items()):
        if one.rows:
            results.setdefault(name, []).append(one)
    merged = Merged(
        folder,
        {name: machines[name] for name in results},
        {name: benchmarks[name] for name in sorted(measured)},
        results,
        len(left_out),
    )
    if not results:
        others = f" ({len(left_out)} commits with results are not on this branch)" if left_out else ""
        raise CannotMeasure(
            f"no results in {' or '.join(map(str, sources))}{others}: run `make bench` or `make history`"
        )
    _write(merged)
    return merged


def _add_machine(machines: dict[str, Json], folder: Path) -> str:
    """Name under which results of a machine are shown: that of their folder, which becomes one again."""
    description = read_json(folder / "machine.json", "machine")
    name = folder.name
    if description["machine"] != name:
        raise CannotMeasure(f"{folder / 'machine.json'} is of another machine: {description['machine']!r}")
    if machines.setdefault(name, description) != description:
        name += " (here)"
        machines[name] = {**description, "machine": name}
    return name


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
