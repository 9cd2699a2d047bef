"""The stages of the gate's benchmarks, which are timed only if they are asked for by name.

`CASE:neighbours+kernel` is a call of these two stages, of what one call of the benchmark CASE does. Where a
stage has stages before it, as `kernel` here, their own call is subtracted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

from benchmarks import stage_names
from benchmarks.cases import CASES, WITH_TORCH, Case
from benchmarks.common import calculator
from benchmarks.linear_model import LinearModel

DERIVATIVES = {"forces": ("forward", "backward"), "training": ("forward", "first derivatives", "second derivatives")}
"""Passes of the linear model, each of which does those before it as well."""


def stages_of(case: Case) -> dict[str, str]:
    """For each stage of a case, in the words of `benchmarks.stage_names`, all that a call of it does."""
    if case.method in DERIVATIVES:
        stages = DERIVATIVES[case.method]
        return {stage: "+".join(stages[: k + 1]) for k, stage in enumerate(stages)}
    without = {stage_names.PLACES} if case.backend != "numba" or case.method != "power_spectrum" else set()
    without |= {stage_names.COUPLING} if case.method == "transform" else set()
    words: dict[str, str] = {}
    for stage, word in stage_names.IN_A_WORD.items():
        if stage not in without:
            before = stage_names.INCLUDES.get(stage)
            words[stage] = f"{words[before]}+{word}" if before else word
    return words


STAGES = {f"{name}:{words}": (name, stage) for name, case in CASES.items() for stage, words in stages_of(case).items()}


@cache
def calls_of(name: str) -> dict[str, Callable[[], Any]]:
    """A call for each stage of a case."""
    case = CASES[name]
    with suppress(ImportError):
        if name in WITH_TORCH:
            import torch

            torch.set_num_threads(1)
    work = case.work()
    if case.method in DERIVATIVES:
        model = LinearModel(work.backend, work.hypers, work.frames)
        between = (model.differentiable_forces,) if case.method == "training" else ()
        calls = (model.differentiable, *between, getattr(model, case.method))
        return dict(zip(DERIVATIVES[case.method], calls, strict=True))
    from benchmarks import stages  # only here: what measures no stages need not load it

    made = calculator(work.backend, work.hypers)
    return stages.calls_of(made, work.frames, by_pairs=case.method == "transform")


@pytest.mark.parametrize("name", STAGES)
def test_stage(name: str, benchmark: Any, timed: Callable[..., Any]) -> None:
    benchmark.group = "stages"
    case, stage = STAGES[name]
    try:
        call = calls_of(case)[stage]
    except (ModuleNotFoundError, NotImplementedError) as error:
        pytest.skip(str(error))
    timed(call, CASES[case].calls)
