"""A fifth more memory is found in every benchmark, by the gate's own measurement."""

from __future__ import annotations

from pathlib import Path

import pytest

from anisoap_bench.gate import drive
from tests.calibration.hungry import FACTOR, Trials


@pytest.mark.slow
@pytest.mark.skipif(drive.core_to_use(None) is None, reason="only Linux tells the peak of the resident set")
def test_a_fifth_more_memory_in_any_benchmark_is_over_its_limit(tmp_path: Path) -> None:
    trials = Trials(tmp_path)
    equal, more = trials.peaks(trials.twin), trials.peaks(trials.hungry)
    assert {amount.benchmark for amount in equal} == trials.names
    # Beside other work a process is off by up to 150 KiB in all benchmarks, as much as limits leave: look again.
    if over := frozenset(amount.benchmark for amount in equal if amount.over):
        assert not [amount for amount in trials.peaks(trials.twin, over) if amount.over]
    # A fifth of what hardly needs memory is less than the slack.
    told = frozenset(amount.benchmark for amount in more if (FACTOR - amount.limit) * amount.base > 1.5 * amount.slack)
    assert len(told) >= 7
    if missed := told - {amount.benchmark for amount in more if amount.over}:
        assert {amount.benchmark for amount in trials.peaks(trials.hungry, missed) if amount.over} == missed
    assert all(
        amount.ratio < 1.4 for amount in more if amount.benchmark in told
    )  # and not by much more than was planted
