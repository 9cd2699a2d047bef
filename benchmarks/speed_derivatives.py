"""Rows of `benchmarks.speed` about derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.linear_model import SMOOTHING, LinearModel
from benchmarks.peers import GRADIENT_SIZE, PEER_SIZES, soap_power_spectrum
from benchmarks.speed_tools import BACKEND, Row, ratio, threads_ratio

SIZES = ("(6, None)", "(9, 6)")


def _model(backend: str, size: str, frames: list[Any], **more: Any) -> LinearModel:
    return LinearModel(backend, {**workloads.HYPERS[size], **more}, frames)


def derivative_rows(num_particles: int = 10_000, frames: tuple[int, int] = (100, 12), rounds: int = 5) -> Iterator[Row]:
    """The torch module: against the energy alone (hard cutoff, as upstream), Torch's autograd, and one thread."""
    bulk = f"bulk N = {num_particles}"
    once: dict[str, Any] = {"rounds": rounds, "repeats": 1}
    for size, target in zip(SIZES, (3, 4), strict=True):
        model = _model(BACKEND, size, workloads.bulk(num_particles, 2))
        each: dict[str, Any] = {"work": (num_particles,) * 2, "unit": "µs a particle", **once}
        what = f"against forward, {bulk}, {size}"
        yield ratio(f"forward + backward {what}", model.forces, model.energy, most=target, **each)
        what = f"forward + backward + double backward {what}"
        yield ratio(what, model.training, model.energy, most=10, **each)
        energy, training = (measure.peak_memory(call) for call in (model.energy, model.training))
        pairs = 4 / 3 * np.pi * workloads.HYPERS[size]["cutoff_radius"] ** 3 * workloads.BULK_DENSITY * num_particles
        what = f"peak memory of a step of training against that of the energy, {bulk}, {size}"
        yield what, f"{training / energy:.2f}× of {energy / 1e6:.0f} MB", "2×", training <= 2 * energy
        what = f"the same, for each pair, {size}"
        yield what, f"{training / pairs / 1e3:.2f} kB", "0.5 kB", training <= 500 * pairs
    for size, count, target in zip(SIZES, frames, (12, 40), strict=True):
        theirs, ours = (_model(one, size, workloads.system("benzenes")[:count]) for one in ("torch_full", BACKEND))
        for name in ("forces", "training"):
            what = f"linear energy, {name}, {count} benzenes frames, {size}, against torch_full's autograd"
            calls = getattr(theirs, name), getattr(ours, name)
            yield ratio(what, *calls, least=target, work=(count, count), unit="ms a frame", **once)
    for size in SIZES:
        model = _model(BACKEND, size, workloads.bulk(num_particles, 2), **SMOOTHING)
        what = f"2 threads against 1, backward, {bulk}, {size}"
        yield threads_ratio(what, 1.8, partial(_backward, model), rounds)


def _backward(model: LinearModel, threads: int) -> float:
    """Seconds of the backward pass alone."""
    import torch

    measure.pin_threads(threads)
    energies, variables = model.differentiable()
    return measure.seconds_of(partial(torch.autograd.grad, energies.sum(), variables))


def gradient_rows(num_particles: int = 500, rounds: int = 5) -> Iterator[Row]:
    """Explicit gradients in positions, against central differences and against featomic's."""
    frame = workloads.system("benzenes")[0]
    displaced = [frame.copy() for _ in range(6 * len(frame))]
    for k, one in enumerate(displaced):
        one.positions[k // 6, k % 3] += 1e-3 if k % 6 < 3 else -1e-3
    power_spectrum = calculator(BACKEND, workloads.HYPERS["(6, None)"]).power_spectrum
    for mean, of in ((True, "the frame's mean"), (False, "every centre")):
        calls = partial(power_spectrum, displaced, mean), partial(power_spectrum, [frame], mean, compute_gradients=True)
        what = f"gradients in positions, {of}, 24 particles, (6, None), against {len(displaced)} displaced copies"
        yield ratio(what, *calls, least=2, rounds=rounds, unit="ms")
    frames = workloads.bulk(num_particles, 2)
    ours = calculator(BACKEND, PEER_SIZES[GRADIENT_SIZE]).power_spectrum
    theirs = soap_power_spectrum("featomic", frames[0], GRADIENT_SIZE, gradients=True)
    what = f"gradients in positions, every centre, bulk N = {num_particles}, two types, {GRADIENT_SIZE}, "
    for layout, symmetric in {"": False, " (symmetric=True)": True}.items():
        call = partial(ours, frames, False, symmetric=symmetric, compute_gradients=True)
        yield ratio(f"{what}against featomic's{layout}", theirs, call, least=4, rounds=rounds)
