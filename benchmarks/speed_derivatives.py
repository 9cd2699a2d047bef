"""Rows of `benchmarks.speed` about derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.linear_model import SMOOTHING, LinearModel
from benchmarks.speed_tools import BACKEND, Row

SIZES = ("(6, None)", "(9, 6)")
BULK = 10_000


def derivative_rows() -> Iterator[Row]:
    """What needs Torch; see the single functions."""
    try:
        import anisoap_opt.nn  # noqa: F401
    except ModuleNotFoundError:
        yield "derivatives", "not measured: pip install 'anisoap_opt[torch]'", "", False
        return
    for rows in (_against_forward, _against_torch, _memory, _threads):
        yield from rows()


def _model(backend: str, size: str, frames: list[Any], **more: Any) -> LinearModel:
    return LinearModel(backend, {**workloads.HYPERS[size], **more}, frames)


def _in_turn(rounds: int, *calls: Callable[[], Any]) -> np.ndarray:
    """Seconds of calls that take turns, [calls, rounds], after a first round that is not counted."""
    return np.array([[measure.seconds_of(call) for call in calls] for _ in range(rounds + 1)][1:]).T


def _against_forward() -> Iterator[Row]:
    """Forces and torques, and a step of training on them, against the energy alone; hard cutoff, as upstream."""
    for size, target in zip(SIZES, (3, 4), strict=True):
        model = _model(BACKEND, size, workloads.bulk(BULK, 2))
        energy, forces, training = _in_turn(5, model.energy, model.forces, model.training)
        cases = (("forward + backward", forces, target), ("forward + backward + double backward", training, 10))
        for what, seconds, limit in cases:
            ratio = np.median(seconds / energy)
            text = f"{ratio:.2f}×, {1e6 * np.median(seconds) / BULK:.3g} µs a particle"
            yield f"{what} against forward, bulk N = {BULK}, {size}", text, f"{limit}×", ratio <= limit


def _against_torch() -> Iterator[Row]:
    """The compiled kernel under the torch module against Torch's autograd through `torch_full`."""
    for (size, count, target), name in product((("(6, None)", 100, 12), ("(9, 6)", 12, 40)), ("forces", "training")):
        frames = workloads.system("benzenes")[:count]
        models = [_model(backend, size, frames) for backend in ("torch_full", BACKEND)]
        theirs, ours = _in_turn(3, *(getattr(model, name) for model in models))
        ratio = np.median(theirs / ours)
        what = f"linear energy, {name}, {count} benzenes frames, {size}, against torch_full's autograd"
        yield what, f"{ratio:.1f}×, {1e3 * np.median(ours) / count:.2g} ms a frame", f"{target}×", ratio >= target


def _memory() -> Iterator[Row]:
    """Peak memory of a step of training, against that of the energy, and for each pair."""
    for size in SIZES:
        model = _model(BACKEND, size, workloads.bulk(BULK, 2))
        model.training()
        energy, training = (measure.peak_memory(call) for call in (model.energy, model.training))
        pairs = 4 / 3 * np.pi * workloads.HYPERS[size]["cutoff_radius"] ** 3 * workloads.BULK_DENSITY * BULK
        what = f"peak memory of a step of training against that of the energy, bulk N = {BULK}, {size}"
        yield what, f"{training / energy:.2f}× of {energy / 1e6:.0f} MB", "2×", training <= 2 * energy
        what = f"the same, for each pair, {size}"
        yield what, f"{training / pairs / 1e3:.2f} kB", "0.5 kB", training <= 500 * pairs


def _threads() -> Iterator[Row]:
    """Two threads against one, the backward pass alone."""
    import numba
    import torch

    what = f"2 threads against 1, backward, bulk N = {BULK}, "
    if numba.config.NUMBA_NUM_THREADS < 2:
        yield what + " and ".join(SIZES), "not measured: one core, or NUMBA_NUM_THREADS=1", "1.8×", False
        return
    for size in SIZES:
        model = _model(BACKEND, size, workloads.bulk(BULK, 2), **SMOOTHING)

        def backward(count: int, model: LinearModel = model) -> float:
            numba.set_num_threads(count)
            torch.set_num_threads(count)
            energies, variables = model.differentiable()
            return measure.seconds_of(partial(torch.autograd.grad, energies.sum(), variables))

        one, two = np.array([[backward(1), backward(2)] for _ in range(6)][1:]).T
        numba.set_num_threads(1)
        torch.set_num_threads(1)
        ratio = np.median(one / two)
        yield what + size, f"{ratio:.2f}×", "1.8×", ratio >= 1.8
