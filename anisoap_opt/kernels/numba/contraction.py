"""The change of basis on the sums of eight segments while they are in cache.

Both steps of `BasisChange` are sums over few inputs, so both are written as blocks "some outputs = dense matrix ×
some inputs":

1. harmonics: r^{2n} R_lm of degree d touches only the monomials of degree d whose exponents are even or odd in the
   same places, one class of four. The rows of a degree that share a class are one block.
2. radial mixing: for each (l, m), the n_l coefficients from the n_l primitive ones.

Outputs are taken 8, 4, 3, 2 or 1 at a time, as many vectors as stay in registers while the inputs pass by once.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import exponents, num_up_to_degree
from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.layout import rows_by_degree
from anisoap_opt.kernels.numba.vectors import LANES, add_multiples, element, load8, store_rows, zeros

WIDTHS = (8, 4, 3, 2, 1)
Block = tuple[Ints, Array, int]
"""Inputs [inputs], matrix [outputs, inputs], first output: one dense piece of a linear map."""


@dataclass(frozen=True)
class BlockMap:
    """A linear map cut into dense blocks, as flat arrays for compiled code.

    Attributes
    ----------
    blocks : ndarray of int, shape [blocks · 4]
        First entry in `inputs`, number of inputs, first entry in `factors`, first output.
    ends : ndarray of int, shape [6]
        Blocks ends[k] … ends[k+1] - 1 have WIDTHS[k] outputs.
    inputs : ndarray of int
    factors : ndarray
        For each input of a block in turn, one factor per output.
    """

    blocks: Ints
    ends: Ints
    inputs: Ints
    factors: Array

    @property
    def arrays(self) -> tuple[Ints, Ints, Ints, Array]:
        """What `apply_blocks` takes."""
        return self.blocks, self.ends, self.inputs, self.factors

    @classmethod
    def of(cls, dense: list[Block]) -> BlockMap:
        """Cut the outputs of each block into groups of 8, 4, 3, 2 and 1."""
        cut: dict[int, list[Block]] = {width: [] for width in WIDTHS}
        for inputs, matrix, first in dense:
            done = 0
            for width in WIDTHS:
                while len(matrix) - done >= width:
                    cut[width].append((inputs, matrix[done : done + width], first + done))
                    done += width
        ordered = [block for width in WIDTHS for block in cut[width]]
        rows, num_inputs, num_factors = [], 0, 0
        for inputs, matrix, first in ordered:
            rows.append((num_inputs, len(inputs), num_factors, first))
            num_inputs += len(inputs)
            num_factors += matrix.size
        return cls(
            blocks=np.array(rows, dtype=np.int64),
            ends=np.cumsum([0] + [len(cut[width]) for width in WIDTHS]),
            inputs=np.concatenate([inputs for inputs, _, _ in ordered]).astype(np.int64),
            factors=np.concatenate([matrix.T.ravel() for _, matrix, _ in ordered]),
        )


@dataclass(frozen=True)
class Contraction:
    """From sums of scaled moments to coefficients, for one basis.

    Attributes
    ----------
    harmonics, radial : BlockMap
        The two steps.
    num_primitive : int
        Outputs of the first step.
    offsets : tuple of int, length max_angular + 2
        A segment's coefficients of l are offsets[l] + m n_l + n.
    """

    harmonics: BlockMap
    radial: BlockMap
    num_primitive: int
    offsets: tuple[int, ...]

    @classmethod
    def of(cls, basis: BasisChange) -> Contraction:
        """Find the dense blocks of both steps; kept for as long as the basis lives, as it takes milliseconds."""
        if basis not in _KNOWN:
            _KNOWN[basis] = cls._find(basis)
        return _KNOWN[basis]

    @classmethod
    def _find(cls, basis: BasisChange) -> Contraction:
        blocks, place = _harmonic_blocks(basis)
        offsets = np.cumsum([0] + [(2 * l + 1) * n for l, n in enumerate(basis.num_radial)])
        mixing = [
            (place[l][m], matrix.T, int(offsets[l]) + m * len(matrix))
            for l, matrix in enumerate(basis.radial)
            for m in range(2 * l + 1)
        ]
        return cls(BlockMap.of(blocks), BlockMap.of(mixing), sum(len(b[1]) for b in blocks), tuple(offsets.tolist()))


_KNOWN: WeakKeyDictionary[BasisChange, Contraction] = WeakKeyDictionary()


class HarmonicClass(NamedTuple):
    """Solid harmonics of one degree that touch the same monomials, and those."""

    owners: list[tuple[int, int, int]]  # l, m + l and n' of each harmonic
    monomials: Ints  # positions among all monomials, in the package's order
    matrix: Array  # [harmonics, monomials]


def harmonic_classes(basis: BasisChange) -> Iterator[HarmonicClass]:
    """The dense blocks of the harmonics: the rows of a degree that share a class of parities."""
    for d, table in enumerate(basis.harmonics):
        owners = [(l, m, n) for l, n in basis.channels[d] for m in range(2 * l + 1)]
        parity = exponents(d) % 2 @ (4, 2, 1)  # [monomials of d]
        class_of_row = parity[np.argmax(table != 0, axis=1)] if len(table) else parity[:0]
        for one in np.unique(class_of_row):
            members, monomials = np.flatnonzero(class_of_row == one), np.flatnonzero(parity == one)
            yield HarmonicClass(
                [owners[member] for member in members],
                num_up_to_degree(d - 1) + monomials,
                table[np.ix_(members, monomials)],
            )


def _harmonic_blocks(basis: BasisChange) -> tuple[list[Block], list[Ints]]:
    """Blocks of the first step, and where each primitive coefficient goes: per l an array [2l+1, n_l]."""
    rows = rows_by_degree(basis.degree)
    place = [np.full((2 * l + 1, n), -1) for l, n in enumerate(basis.num_radial)]
    blocks: list[Block] = []
    num_outputs = 0
    for one in harmonic_classes(basis):
        for output, (l, m, n) in enumerate(one.owners):
            place[l][m, n] = num_outputs + output
        blocks.append((rows[one.monomials], one.matrix, num_outputs))
        num_outputs += len(one.owners)
    return blocks, place


@compiled
def apply_blocks(blocks: Any, ends: Any, inputs: Any, factors: Any, source: Any, target: Any) -> None:
    """Apply a `BlockMap`: source [inputs · 8] → target [outputs · 8] of float64."""
    _apply((0,) * 8, ends[0], ends[1], blocks, inputs, factors, source, target)
    _apply((0,) * 4, ends[1], ends[2], blocks, inputs, factors, source, target)
    _apply((0,) * 3, ends[2], ends[3], blocks, inputs, factors, source, target)
    _apply((0,) * 2, ends[3], ends[4], blocks, inputs, factors, source, target)
    _apply((0,), ends[4], ends[5], blocks, inputs, factors, source, target)


@compiled
def _apply(rows, begin, end, blocks, inputs, factors, source, target):
    """Blocks of ``len(rows)`` outputs."""
    for block in range(4 * begin, 4 * end, 4):
        first, factor = element(blocks, block), element(blocks, block + 2)
        sums = zeros(rows)
        for k in range(first, first + element(blocks, block + 1)):
            sums = add_multiples(sums, load8(source, LANES * element(inputs, k)), factors, factor)
            factor += len(rows)
        store_rows(sums, target, LANES * element(blocks, block + 3))
