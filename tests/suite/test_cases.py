"""The table of cases that asv, the gate and the history share."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import cases, reference_values, stored_values
from tests.suite.asv_tools import ROOT

STORED = {(case.size, case.frames, case.method): name for name, case in cases.CASES.items() if case.stored}
"""One of those that compute the same."""


@pytest.mark.parametrize("name", STORED.values())
def test_stored_values_are_of_the_first_frames_of_the_case(name: str) -> None:
    work = cases.Cases().work(name)
    assert stored_values.largest_error(reference_values.values(work, "numpy_only"), work.reference) < 1e-10


def test_frames_come_from_the_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = cases.frames_of("bulk_1")
    assert len(made) == cases.COPIES
    (tmp_path / "frames").write_bytes(pickle.dumps({"bulk_1": made[:3]}))
    monkeypatch.setenv(cases.VARIABLE, str(tmp_path / "frames"))
    assert cases.frames_of("bulk_1") == made[:3]


def test_every_case_has_as_many_frames_as_it_asks_for() -> None:
    for name, case in cases.CASES.items():
        assert len(case.work().frames) == case.num_frames, name


def test_the_table_loads_neither_torch_nor_the_package_nor_its_source() -> None:
    code = "import sys\nfrom benchmarks import cases\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"torch", "anisoap_opt", "benchmarks.backends"} & set(loaded.split())
