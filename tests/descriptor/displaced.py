"""A random linear functional of a descriptor, its gradients, and frames changed a little in one direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation

from anisoap_opt.chunks import expand
from anisoap_opt.gradients import Gradients, gradients_of_expansion, gradients_of_power_spectrum
from anisoap_opt.power_spectrum import center_power_spectra
from tests.frames_for_tests import DIAMETERS, rotations_of


class Functional:
    """Σ weights · descriptor of every centre, for one calculator."""

    def __init__(self, calculator: Any, *, expansion: bool = False, symmetric: bool = False, seed: int = 0) -> None:
        self.calculator, self.expansion, self.symmetric, self.seed = calculator, expansion, symmetric, seed

    def value(self, frames: list[Atoms]) -> float:
        descriptors = self._descriptors(*self._problem(frames))
        weights = self._weights(descriptors)
        pairs = zip(weights, descriptors, strict=True)
        return float(sum((w * d).sum() for ws, ds in pairs for w, d in zip(ws, ds, strict=True)))

    def gradients(self, frames: list[Atoms]) -> Gradients:
        batch, neighborhoods, kernel = self._problem(frames)
        weights = self._weights(self._descriptors(batch, neighborhoods, kernel))
        basis, cutoff = self.calculator.radial_basis, self.calculator.cutoff
        scaled = None if cutoff is None else cutoff.in_units_of(basis.length)
        known = kernel, batch, neighborhoods
        if self.expansion:
            return gradients_of_expansion(*known, weights, basis.length, basis.unit_precision, scaled)
        spectra = [one for (one,) in weights]
        return gradients_of_power_spectrum(
            *known, spectra, basis.length, basis.unit_precision, scaled, symmetric=self.symmetric
        )

    def _problem(self, frames: list[Atoms]) -> Any:
        batch, neighborhoods = self.calculator._neighborhoods(frames, None)
        return batch, neighborhoods, self.calculator._kernel(batch, self.calculator._basis)

    def _descriptors(self, batch: Any, neighborhoods: Any, kernel: Any) -> list[Any]:
        if self.expansion:
            return [values for _, values in expand(kernel, neighborhoods, "float64")]
        spectra = center_power_spectra(kernel, neighborhoods, "float64", symmetric=self.symmetric)
        return [[values] for _, values in spectra]

    def _weights(self, descriptors: list[Any]) -> list[Any]:
        rng = np.random.default_rng(self.seed)
        return [[rng.normal(size=one.shape) for one in of_block] for of_block in descriptors]


class Direction:
    """A random change of everything that a frame has, or of one kind of it."""

    KINDS = ("positions", "strain", "orientations", "semiaxes")

    def __init__(self, frames: list[Atoms], kind: str, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        num = sum(map(len, frames))
        shapes = {"positions": (num, 3), "strain": (len(frames), 3, 3), "orientations": (num, 3), "semiaxes": (num, 3)}
        self.parts = {name: rng.normal(size=shape) * (kind in (name, "all")) for name, shape in shapes.items()}

    def along(self, gradients: Gradients) -> float:
        """What the gradients say."""
        return float(sum((getattr(gradients, name) * part).sum() for name, part in self.parts.items()))

    def moved(self, frames: list[Atoms], step: float) -> list[Atoms]:
        """Copies of the frames, changed by `step`."""
        copies, first = [], 0
        for index, frame in enumerate(frames):
            copy, own = frame.copy(), slice(first, first + len(frame))
            first += len(frame)
            strained = np.eye(3) + step * self.parts["strain"][index]
            copy.set_cell(frame.cell.array @ strained)
            copy.positions = (frame.positions + step * self.parts["positions"][own]) @ strained
            turn = Rotation.from_rotvec(step * self.parts["orientations"][own])
            copy.arrays["c_q"] = np.roll((turn * rotations_of(frame)).as_quat(), 1, axis=1)
            for axis, name in enumerate(DIAMETERS):
                copy.arrays[name] = frame.arrays[name] + 2 * step * self.parts["semiaxes"][own][:, axis]
            copies.append(copy)
        return copies


def central_difference(value: Any, frames: list[Atoms], direction: Direction, step: float = 1e-3) -> float:
    """Of fourth order."""
    near, far = (
        value(direction.moved(frames, width * step)) - value(direction.moved(frames, -width * step)) for width in (1, 2)
    )
    return (8 * near - far) / (12 * step)
