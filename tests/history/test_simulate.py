"""The simulation's parts."""

from __future__ import annotations

import numpy as np

from anisoap_bench import simulate

CASE = simulate.CASES["1.4 %"]


def test_a_step_is_named_in_a_simulated_history_and_nothing_else() -> None:
    right, wrong, pairs, error, *_ = simulate.history(0, 1.10, **CASE)
    assert (right, wrong) == (1, 0)
    assert 4 < pairs < 7
    assert error < 0.02
    assert simulate.history(1, 1.0, **CASE)[:2] == (0, 0)


def test_asv_sees_a_large_step() -> None:
    assert simulate.asv_names(np.repeat([1.0, 1.5], 20)) == [20]
