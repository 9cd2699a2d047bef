"""From adjoints of descriptors to gradients in positions, strain, orientations and semiaxes, once for all backends.

A kernel's `pull_back` leaves each pair's adjoint of r_ij, and of its neighbour's C and log w. Those of r_ij go to both
particles, with r_ij = x_j - x_i, and into the strain; those of C and log w are added up for each neighbour and turned
into gradients of its orientation and semiaxes once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.chunks import map_chunks, to_centers, to_numpy, to_segments
from anisoap_opt.cutoff import SmoothCutoff
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.gaussians import pull_back_gaussians
from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs
from anisoap_opt.power_spectrum import pull_back_power_spectrum


@dataclass(frozen=True)
class Gradients:
    """Derivatives of one number.

    Attributes
    ----------
    positions : ndarray, shape [particles, 3]
        Å⁻¹. The force is the negative.
    strain : ndarray, shape [frames, 3, 3]
        Entry [a, b] belongs to ε_ab, where all vectors change as r_b → r_b + Σ_a r_a ε_ab: positions, and cells.
    orientations : ndarray, shape [particles, 3]
        With respect to δθ, where R → exp([δθ]×) R; axes of space. The torque is the negative.
    semiaxes : ndarray, shape [particles, 3]
        Å⁻¹.
    """

    positions: Array
    strain: Array
    orientations: Array
    semiaxes: Array


def gradients_of_expansion(
    kernel: Any,
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    adjoints: Sequence[Sequence[Floats]],
    length: float,
    precision: float,
    cutoff: SmoothCutoff | None = None,
) -> Gradients:
    """Gradients of Σ adjoints · expansion coefficients.

    Parameters
    ----------
    kernel : contract.Differentiable
    batch : ParticleBatch
        In units of `length`.
    neighborhoods : Neighborhoods
        Of this batch.
    adjoints : sequence of sequence of ndarray
        For each block and l [centers, 2l+1, n_l · neighbor types], as `chunks.expand` returns the coefficients.
    length : float
        The radial basis's own, Å.
    precision : float
        s of the radial basis, in this unit.
    cutoff : SmoothCutoff, optional
        That the pairs were weighted with, in units of `length`.

    Returns
    -------
    Gradients
    """
    of_blocks = _by_type(neighborhoods, adjoints)

    def of_coefficients(block: CenterBlock, rows: slice, pairs: Pairs) -> list[Floats]:
        return [one[rows] for one in of_blocks[block.center_type]]

    return _gradients(kernel, batch, neighborhoods, of_coefficients, length, precision, cutoff)


def gradients_of_power_spectrum(
    kernel: Any,
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    adjoints: Sequence[Floats],
    length: float,
    precision: float,
    cutoff: SmoothCutoff | None = None,
    *,
    symmetric: bool = False,
) -> Gradients:
    """Gradients of Σ adjoints · power spectrum.

    Parameters
    ----------
    kernel, batch, neighborhoods, length, precision, cutoff
        See `gradients_of_expansion`.
    adjoints : sequence of ndarray
        For each block [centers, features], as `power_spectrum.center_power_spectra` returns the spectra.
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`.

    Returns
    -------
    Gradients
    """
    of_blocks = _by_type(neighborhoods, adjoints)

    def of_coefficients(block: CenterBlock, rows: slice, pairs: Pairs) -> list[Floats]:
        coefficients = [to_numpy(to_centers(c, len(block.neighbor_types))) for c in kernel.coefficients(pairs)]
        return pull_back_power_spectrum(coefficients, of_blocks[block.center_type][rows], symmetric=symmetric)

    return _gradients(kernel, batch, neighborhoods, of_coefficients, length, precision, cutoff)


def _by_type(neighborhoods: Neighborhoods, adjoints: Sequence[Any]) -> dict[int, Any]:
    return {block.center_type: one for block, one in zip(neighborhoods.blocks, adjoints, strict=True)}


def _gradients(
    kernel: Any,
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    of_coefficients: Callable[[CenterBlock, slice, Pairs], list[Floats]],
    length: float,
    precision: float,
    cutoff: SmoothCutoff | None,
) -> Gradients:
    """Gradients from adjoints of the coefficients of some centres [centers, 2l+1, n_l · types], made chunk by chunk."""
    num_particles, frame = len(batch.types), batch.frame_of_particle

    def pull_back(block: CenterBlock, rows: slice, pairs: Pairs) -> tuple[Ints, Pairs, Array, Array, Array]:
        num_types = len(block.neighbor_types)
        adjoints = [to_segments(one, num_types) for one in of_coefficients(block, rows, pairs)]
        of_r, of_c, of_log_w = (to_numpy(one).astype(float) for one in kernel.pull_back(pairs, adjoints))
        if cutoff is not None:
            of_r += of_log_w[:, None] * cutoff.log_gradient(pairs.r_ij)
        i = np.repeat(np.repeat(block.centers[rows], num_types), np.diff(pairs.start))
        return i, pairs, of_r, of_c, of_log_w

    positions, strain = np.zeros((num_particles, 3)), np.zeros((batch.num_frames, 9))
    of_records = np.zeros((num_particles, 7))
    for _, (i, pairs, of_r, of_c, of_log_w) in map_chunks(pull_back, kernel, neighborhoods):
        positions += sum_by(pairs.j, of_r, num_particles) - sum_by(i, of_r, num_particles)
        strain += sum_by(frame[i], (pairs.r_ij[:, :, None] * of_r[:, None, :]).reshape(-1, 9), batch.num_frames)
        of_records += sum_by(pairs.j, np.column_stack([of_c, of_log_w]), num_particles)
    orientations, semiaxes = pull_back_gaussians(
        batch.rotations, batch.semiaxes, precision, of_records[:, :6], of_records[:, 6]
    )
    return Gradients(positions / length, strain.reshape(-1, 3, 3), orientations, semiaxes / length)


def sum_by(index: Ints, rows: Array, size: int) -> Array:
    """Sums of the rows of each index, [rows, columns] → [size, columns], in the order of the rows."""
    ones, place = np.ones(len(index)), np.arange(len(index) + 1)
    return csc_array((ones, index, place), shape=(size, len(index))) @ rows
