"""Explicit gradients of descriptors: the derivative of every value with respect to every particle in reach.

A parameter changes r_ij, C and log w of the pairs: those are its tangents, a few directions of each pair. A kernel's
`push_forward` makes tangents of coefficients of them, and the product rule tangents of power spectra. Coefficients of a
pair depend on r_ij = x_j - x_i and on the neighbour's shape alone, so everything is computed once for each row (see
`anisoap_opt.gradient_rows`), and the centre's own position gets minus the sum of its neighbours'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.basis.coupling import count_features
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.chunks import expand, to_numpy
from anisoap_opt.cutoff import SmoothCutoff
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.gaussians import tangents_of_shapes
from anisoap_opt.gradient_rows import Chunk, Rows, Tangents
from anisoap_opt.kernels.contract import TangentRows
from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs
from anisoap_opt.parameters import PARAMETERS
from anisoap_opt.power_spectrum import push_power_spectrum


class Gradient(NamedTuple):
    """Derivatives of the values of one block with respect to one parameter.

    Attributes
    ----------
    parameter : str
    samples : ndarray of int, shape [rows, 3] or [rows, 1]
        Row of the values, then frame and particle within the frame if the parameter is one of particles.
    values : list of ndarray, shapes [rows, 3, …] or [rows, 3, 3, …]
        One for each array of the block.
    """

    parameter: str
    samples: Ints
    values: list[Floats]


class Gradients:
    """Gradients of the descriptors of a batch.

    Parameters
    ----------
    parameters : sequence of str
        Of `PARAMETERS`.
    kernel : contract.Differentiable
    batch : ParticleBatch
        In units of the radial basis's own length.
    neighborhoods : Neighborhoods
        Of this batch; with shifts for gradients in the cell.
    dtype : str
        Of the result.
    radial_basis : GTORadialBasis or MonomialBasis
    cutoff : SmoothCutoff, optional
        That the pairs were weighted with, in this unit.

    Raises
    ------
    ValueError
        If a frame without periodicity, hence without a cell, is to be derived by it.
    """

    def __init__(
        self,
        parameters: Sequence[str],
        kernel: Any,
        batch: ParticleBatch,
        neighborhoods: Neighborhoods,
        dtype: str,
        radial_basis: GTORadialBasis | MonomialBasis,
        cutoff: SmoothCutoff | None = None,
    ) -> None:
        if "cell" in parameters and not (periodic := batch.pbc.any(axis=1)).all():
            frame = np.flatnonzero(~periodic)[0]
            raise ValueError(
                f"frame {frame} is not periodic: without a cell it has no gradients with respect to 'cell'"
            )
        self.parameters = tuple(parameters)
        found = neighborhoods.pairs  # a search may find them again each time
        pairs = found.segments(0, found.num_segments)
        weight = None if pairs.weight is None else to_numpy(pairs.weight)
        pairs = Pairs(to_numpy(pairs.j), to_numpy(pairs.r_ij), pairs.start, weight)  # rows are made on the host
        self.kernel, self.batch, self.neighborhoods = kernel, batch, neighborhoods._replace(pairs=pairs)
        self.dtype, self.length, self.cutoff = dtype, radial_basis.length, cutoff
        self._shapes = tangents_of_shapes(batch.rotations, batch.semiaxes, radial_basis.unit_precision)
        self._frame = batch.frame_of_particle
        self._known_rows: dict[int, Rows] = {}
        self._coefficients: dict[int, list[Floats]] = {}  # by centre type, the l-th [centers, 2l+1, n_l · types]

    def expansion(self) -> list[list[Gradient]]:
        """Of the expansion of every centre, as `chunks.expand` returns it: one list of gradients a block."""
        return [[self._of_expansion(block, name) for name in self.parameters] for block in self.neighborhoods.blocks]

    def _of_expansion(self, block: CenterBlock, name: str) -> Gradient:
        rows = self._rows(block, name)
        directions = 3 ** len(PARAMETERS[name].components)
        columns = [n * len(block.neighbor_types) for n in self.kernel.basis.num_radial]
        shapes = [(len(rows.center), directions, 2 * l + 1, a) for l, a in enumerate(columns)]
        values = [np.empty(shape, self.dtype) for shape in shapes]
        for own, parts in self._map_chunks(lambda chunk: (chunk.rows, self._dense(chunk, name)), block, name):
            for target, part in zip(values, parts, strict=True):
                target[own] = part
        return self._gradient(name, rows.center, rows.particle, values)

    def power_spectra(self, *, symmetric: bool, reduce: str | None) -> list[list[Gradient]]:
        """Of the power spectrum of every centre, or of its mean or sum over each frame's: one list a block.

        See `power_spectrum.center_power_spectra` and, unless `reduce` is None, `power_spectrum.reduced_power_spectrum`.
        """
        found = expand(self.kernel, self.neighborhoods, "float64")
        self._coefficients = {block.center_type: values for block, values in found}
        of_rows = self._of_centers if reduce is None else partial(self._of_frames, mean=reduce == "mean")
        return [[of_rows(block, name, symmetric) for name in self.parameters] for block in self.neighborhoods.blocks]

    def _of_centers(self, block: CenterBlock, name: str, symmetric: bool) -> Gradient:
        rows = self._rows(block, name)
        out = np.empty(self._shape(len(rows.center), name, block, symmetric), self.dtype)
        for _ in self._map_chunks(lambda one: self._couple(one, name, symmetric, out[one.rows], None), block, name):
            pass
        return self._gradient(name, rows.center, rows.particle, [out])

    def _of_frames(self, block: CenterBlock, name: str, symmetric: bool, *, mean: bool) -> Gradient:
        rows, frame = self._rows(block, name), self._frame[block.centers]
        owner = frame[rows.center] if rows.particle is None else rows.particle
        owners, place = np.unique(owner, return_inverse=True)
        frames = owners if rows.particle is None else self._frame[owners]
        sums = np.zeros(self._shape(len(owners), name, block, symmetric))

        def sums_of_chunk(chunk: Chunk) -> tuple[Ints, Array]:
            own, within = np.unique(place[chunk.rows], return_inverse=True)
            part = np.zeros((len(own), *sums.shape[1:]))
            self._couple(chunk, name, symmetric, part, within)
            return own, part

        for own, part in self._map_chunks(sums_of_chunk, block, name):
            sums[own] += part
        if mean:
            sums /= np.bincount(frame, minlength=self.batch.num_frames)[frames][:, None, None]
        particle = None if rows.particle is None else owners
        return self._gradient(name, frames, particle, [sums.astype(self.dtype, copy=False)])

    def _rows(self, block: CenterBlock, name: str) -> Rows:
        """Rows of a block; those of particles are found once for all parameters."""
        if not PARAMETERS[name].per_particle:
            return Rows.of_frames(block)
        if block.center_type not in self._known_rows:
            rows = Rows.of_particles(block, self.neighborhoods, len(self.batch.types))
            self._known_rows[block.center_type] = rows
        return self._known_rows[block.center_type]

    def _gradient(self, name: str, sample: Ints, particle: Ints | None, values: list[Array]) -> Gradient:
        """With the labels of its rows, and an axis for each component."""
        axes = (3,) * len(PARAMETERS[name].components)
        if particle is None:
            samples = sample[:, None]
        else:
            frame = self._frame[particle]
            samples = np.column_stack([sample, frame, particle - self.batch.offsets[frame]])
        return Gradient(name, samples, [one.reshape(len(samples), *axes, *one.shape[2:]) for one in values])

    def _shape(self, num_rows: int, name: str, block: CenterBlock, symmetric: bool) -> tuple[int, int, int]:
        sizes = [n * len(block.neighbor_types) for n in self.kernel.basis.num_radial]
        return num_rows, 3 ** len(PARAMETERS[name].components), count_features(sizes, symmetric=symmetric)

    def _map_chunks(self, function: Callable[[Chunk], Any], block: CenterBlock, name: str) -> Iterator[Any]:
        """Results of a function of each chunk of a block, on the kernel's threads if it has some."""
        rows, types = self._rows(block, name), len(block.neighbor_types)
        segments_per_row = 3 ** len(PARAMETERS[name].components) * (1 if rows.of_pair is not None else types)

        def run(cut: tuple[int, int]) -> Any:
            return function(Chunk.cut(rows, self.neighborhoods, self.batch.types, *cut))

        cuts = list(rows.cuts(max(1, self.kernel.segments_per_chunk // segments_per_row)))
        return iter(getattr(self.kernel, "map_in_order", map)(run, cuts))  # see contract.Threaded

    def _dense(self, chunk: Chunk, name: str) -> list[Array]:
        """Tangents of the coefficients of a chunk's rows, the l-th of shape [rows, directions, 2l+1, n_l · types]."""
        tangents, layout = self._tangents(chunk, name)
        pairs, of_pairs = tangents.with_pairs(chunk.pairs)
        row, column = np.nonzero(layout.segment >= 0)
        dense = []
        for one in map(to_numpy, self.kernel.push_forward(pairs, of_pairs)):
            _, components, num = one.shape
            by_segment = one.reshape(tangents.directions, -1, components, num).swapaxes(0, 1)
            num_rows, num_types = layout.segment.shape
            wide = np.zeros((num_rows, tangents.directions, components, num, num_types), one.dtype)
            wide[row, :, :, :, column] = by_segment[layout.segment[row, column]]
            if layout.own.any():
                wide[layout.own] = -np.add.reduceat(wide, np.flatnonzero(np.diff(layout.center, prepend=-1)))
            dense.append(wide.reshape(*wide.shape[:3], -1))
        return dense

    def _couple(self, chunk: Chunk, name: str, symmetric: bool, out: Array, place: Ints | None) -> None:
        """Write tangents of power spectra to `out` [rows, directions, features], or add them at the rows `place`."""
        coefficients = [one[chunk.centers] for one in self._coefficients[chunk.block.center_type]]
        if hasattr(self.kernel, "push_power_spectra"):  # contract.TangentCoupling
            tangents, layout = self._tangents(chunk, name)
            pairs, of_pairs = tangents.with_pairs(chunk.pairs)
            self.kernel.push_power_spectra(pairs, of_pairs, layout, coefficients, out, place, symmetric=symmetric)
            return
        of_centers = [one[chunk.layout.center] for one in coefficients]
        of_rows = push_power_spectrum(of_centers, self._dense(chunk, name), symmetric=symmetric)
        if place is None:
            out[:] = of_rows
        else:
            np.add.at(out, place, of_rows)

    def _tangents(self, chunk: Chunk, name: str) -> tuple[Tangents, TangentRows]:
        """How the variables of a chunk's pairs change with a parameter, per Å, and what its rows are made of."""
        r, j, layout = chunk.pairs.r_ij, chunk.pairs.j, chunk.layout
        if name != "positions":
            layout = layout._replace(own=np.zeros_like(layout.own))
        if name == "orientations":
            return Tangents(None, self._shapes.turned[j].swapaxes(0, 1), None), layout
        if name == "shapes":
            of_c, of_log_w = self._shapes.stretched[j].swapaxes(0, 1), self._shapes.log_w_stretched[j].T
            return Tangents(None, of_c, of_log_w).divided_by(self.length), layout
        if name == "positions":  # a particle and its own images move together
            moved = np.broadcast_to((j != chunk.i)[None, :] / self.length, (1, len(j)))
        else:  # r_b → r_b + Σ_a r_a ε_ab, or + Σ_a (shift)_a ΔH_ab
            moved = r.T if chunk.shifts is None or name == "strain" else chunk.shifts.T / self.length
        r_dot = np.einsum("ap,bc->abpc", moved, np.eye(3)).reshape(-1, len(j), 3)
        if self.cutoff is None:
            return Tangents(r_dot, None, None), layout
        return Tangents(r_dot, None, np.einsum("dpc,pc->dp", r_dot, self.cutoff.log_gradient(r))), layout
