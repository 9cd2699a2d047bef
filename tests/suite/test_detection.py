"""From a commit that makes things worse to asv's page of regressions, through the suite's own classes and commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anisoap_bench.asv_files import read_results
from tests.suite import throwaway
from tests.suite.asv_tools import run, run_asv

pytestmark = pytest.mark.slow


def published_regressions(folder: Path, home: Path) -> dict[str, list[str]]:
    """Commits that asv's page names, by benchmark, after a history of all commits."""
    run_asv("ALL", folder, home)
    measured = read_results(folder / ".asv" / "results" / "test")
    assert [len(one.rows) for one in measured] == [3] * 12
    run("asv", "publish", folder=folder, home=home)
    html = folder / ".asv" / "html"
    hashes = json.loads((html / "index.json").read_text())["revision_to_hash"]
    found = json.loads((html / "regressions.json").read_text())["regressions"]
    # An entry: name, graph, its parameters, number of the combination, last and best value, and the steps; a step:
    # revision before if not the commit before, revision after, value before, value after.
    return {entry[0]: [hashes[str(after)] for _, after, *_ in entry[6]] for entry in found}


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environments")


def test_a_slow_commit_is_named_and_so_are_memory_and_error(environments: Path, tmp_path: Path) -> None:
    folder = tmp_path / "planted"
    commits = throwaway.make(folder, environments, planted=True)
    slow = commits[throwaway.SLOW - 1]
    expected = {"toy.Toy.time_call": [slow], "toy.Toy.track_error": [slow], "toy.ToyMemory.track_peak_memory": [slow]}
    assert published_regressions(folder, tmp_path) == expected
    told = run("asv", "compare", f"{slow}~1", slow, folder=folder, home=tmp_path)
    assert any(line.startswith("| +") and "toy.Toy.time_call" in line for line in told.splitlines()), told


def test_nothing_is_named_without_one(environments: Path, tmp_path: Path) -> None:
    folder = tmp_path / "control"
    throwaway.make(folder, environments, planted=False)
    assert published_regressions(folder, tmp_path) == {}
