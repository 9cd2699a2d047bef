"""A random linear functional of a descriptor, its gradients, and frames changed a little in one direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation

from tests.frames_for_tests import DIAMETERS, rotations_of


@dataclass
class Totals:
    """Derivatives of one number: [particles, 3] each, and of strain and cell [frames, 3, 3]."""

    positions: Any = 0.0
    strain: Any = 0.0
    orientations: Any = 0.0
    semiaxes: Any = 0.0
    cell: Any = 0.0


class Functional:
    """Σ weights · descriptor, for one calculator, from the explicit gradients of the descriptor.

    Parameters
    ----------
    expansion : bool
        Whether of the expansion, or of the power spectrum.
    call
        Arguments of the method.
    """

    def __init__(self, calculator: Any, *, expansion: bool = False, seed: int = 0, **call: Any) -> None:
        self.calculator, self.expansion, self.seed = calculator, expansion, seed
        self.call = call if expansion else {"mean_over_samples": False, **call}

    def value(self, frames: list[Atoms]) -> float:
        found = self._descriptor(frames)
        if isinstance(found, np.ndarray):
            return float((self._weights([found])[0] * found).sum())
        values = [block.values for block in found.blocks()]
        return float(sum((w * v).sum() for w, v in zip(self._weights(values), values, strict=True)))

    def gradients(self, frames: list[Atoms], kinds: tuple[str, ...] | None = None) -> Totals:
        names = {kind: "shapes" if kind == "semiaxes" else kind for kind in kinds or Direction.KINDS}
        blocks = self._descriptor(frames, compute_gradients=list(names.values())).blocks()
        if self.call.get("mean_over_samples"):  # the blocks side by side are the array
            widths = np.cumsum([block.values.shape[-1] for block in blocks])[:-1]
            whole = np.concatenate([block.values[:, 0] for block in blocks], axis=1)
            weights = [w[:, None] for w in np.split(self._weights([whole])[0], widths, axis=1)]
        else:
            weights = self._weights([block.values for block in blocks])
        first = np.cumsum([0, *map(len, frames)])
        shapes = {kind: (len(frames), 3, 3) if kind in ("strain", "cell") else (first[-1], 3) for kind in names}
        totals = {kind: np.zeros(shape) for kind, shape in shapes.items()}
        for block, w in zip(blocks, weights, strict=True):
            for kind, name in names.items():
                gradient = block.gradient(name)
                sample, *rest = gradient.samples.values.T
                if rest:
                    owner, by_axis = first[rest[0]] + rest[1], gradient.values
                else:
                    owner, by_axis = block.samples.values[sample, 0], gradient.values
                axes = len(totals[kind].shape) - 1
                of_rows = w[sample].reshape(len(sample), *[1] * axes, *w.shape[1:]) * by_axis
                np.add.at(totals[kind], owner, of_rows.sum(axis=tuple(range(axes + 1, of_rows.ndim))))
        return Totals(**totals)

    def _descriptor(self, frames: list[Atoms], **more: Any) -> Any:
        method = self.calculator.transform if self.expansion else self.calculator.power_spectrum
        return method(frames, **self.call, **more)

    def _weights(self, values: list[Any]) -> list[Any]:
        rng = np.random.default_rng(self.seed)
        return [rng.normal(size=one.shape) for one in values]


class Direction:
    """A random change of everything that a frame has, or of one kind of it."""

    KINDS = ("positions", "strain", "orientations", "semiaxes")
    """Of any frame; a periodic one has gradients in its cell too."""

    def __init__(self, frames: list[Atoms], kind: str, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        num = sum(map(len, frames))
        of_particles, of_frames = (num, 3), (len(frames), 3, 3)
        shapes = dict.fromkeys(("positions", "orientations", "semiaxes"), of_particles)
        shapes |= dict.fromkeys(("strain", "cell"), of_frames)
        self.parts = {name: rng.normal(size=shape) * (kind in (name, "all")) for name, shape in shapes.items()}

    def along(self, gradients: Totals) -> float:
        """What the gradients say."""
        return float(sum((getattr(gradients, name) * part).sum() for name, part in self.parts.items()))

    def moved(self, frames: list[Atoms], step: float) -> list[Atoms]:
        """Copies of the frames, changed by `step`."""
        copies, first = [], 0
        for index, frame in enumerate(frames):
            copy, own = frame.copy(), slice(first, first + len(frame))
            first += len(frame)
            strained = np.eye(3) + step * self.parts["strain"][index]
            copy.set_cell((frame.cell.array + step * self.parts["cell"][index] * frame.pbc[:, None]) @ strained)
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
