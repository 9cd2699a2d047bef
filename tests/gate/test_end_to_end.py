"""The real gate on throw-away clones of this repository: slower and wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.gate.build import export
from tests.gate.small_repository import ROOT, commit, gate, git

pytestmark = pytest.mark.slow

KERNEL = "anisoap_opt/kernels/numpy_only.py"
FILL = "            self._fill(moments, mu, records)\n"
WEIGHT = "moments[0] = records[WEIGHT] * "


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the files of this working tree, all committed."""
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(ROOT), str(folder))
    git(folder, "rm", "--quiet", "-r", ".")
    files = export(ROOT, None, tmp_path / "files")
    for path in files.iterdir():
        path.rename(folder / path.name)
    commit(folder, "the working tree")
    return folder


def plant(clone: Path, old: str, new: str) -> None:
    """Change the NumPy kernel, and commit."""
    file = clone / KERNEL
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    commit(clone, "planted")


def compare(clone: Path, base: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, report and output of a run on two benchmarks: one of the NumPy kernel, one of the compiled one."""
    out = clone.parent / "report.json"
    code, output = gate(clone, "--base", base, "--only", "ellipsoids", "--json", str(out))
    return code, json.loads(out.read_text()), output


def test_a_kernel_that_works_twice_is_found_and_named(clone: Path) -> None:
    plant(clone, FILL, FILL + FILL)
    code, report, output = compare(clone, "HEAD~1")
    assert code == 1, output
    assert len(report["fidelity"]) > 5
    assert all(check["passed"] for check in report["fidelity"])
    verdicts = {one["name"]: (one["verdict"], one["confirmed"]) for one in report["decision"]["comparisons"]}
    assert verdicts["ellipsoids-numpy_only"] == ("slower", True)
    assert verdicts["ellipsoids-numba"][0] != "slower"


def test_a_wrong_descriptor_blocks_before_anything_is_timed(clone: Path) -> None:
    plant(clone, WEIGHT, WEIGHT + "(1 + 1e-7) * ")
    code, report, output = compare(clone, "HEAD~1")
    assert code == 1, output
    wrong = {check["name"] for check in report["fidelity"] if not check["passed"]}
    assert {"tests of fidelity", "descriptors numpy_only float64"} <= wrong
    assert not [name for name in wrong if "numba" in name or "torch_full" in name]
    assert report["decision"] is None
