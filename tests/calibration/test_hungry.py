"""A fifth more memory is found by the gate's own measurement."""

from __future__ import annotations

from pathlib import Path

import pytest

from anisoap_bench.gate import drive
from tests.calibration.hungry import Trials

ONE_OF_EACH_KIND = frozenset({"four_species-numba", "benzenes-numpy_only", "forces-numba", "import"})
"""Whose memory is planted in a call, or two ways of computing it, in a pass of the torch module, and in the import.

All need several times what the limit leaves to chance.
"""


@pytest.mark.slow
@pytest.mark.skipif(drive.core_to_use(None) is None, reason="only Linux tells the peak of the resident set")
def test_a_fifth_more_memory_is_over_its_limit_and_an_equal_build_is_not(tmp_path: Path) -> None:
    trials = Trials(tmp_path, ONE_OF_EACH_KIND)
    equal, more = trials.peaks(trials.twin), trials.peaks(trials.hungry)
    assert {amount.benchmark for amount in equal} == trials.names
    assert not [amount for amount in equal if amount.over]
    assert {amount.benchmark for amount in more if amount.over} == trials.names
    assert all(amount.ratio < 1.4 for amount in more)  # and not by much more than was planted
