"""Rotations and sizes of stacked frames, from the arrays that `anisoap_opt.columns` finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from anisoap_opt import checks, validation
from anisoap_opt.arrays import Array, Bools
from anisoap_opt.columns import Columns, Source, find
from anisoap_opt.stacking import Stack
from anisoap_opt.xyz.tables import Tables

Stacked: TypeAlias = Stack | Tables


def rotations(stack: Stacked, columns: Columns) -> Array:
    """Rotation matrices, body → space, [particles, 3, 3]."""
    read = _matrices if columns.rotation_type == "matrix" else _quaternions
    return _by_source(stack, columns, "rotations", read, (3, 3))


def quaternions(stack: Stacked, columns: Columns) -> tuple[Array, Bools]:
    """Quaternions (w, x, y, z) of the frames, [particles, 4], and which of them stand there as (x, y, z, w)."""

    def read(part: Stacked, source: Source) -> Array:
        last = source.meaning == "xyzw"
        rows = np.roll(_rows(part, source, (4,)), int(last), axis=1)
        return np.column_stack([rows, np.full(len(rows), last)])

    both = _by_source(stack, columns, "rotations", read, (5,))
    return both[:, :4], both[:, 4] == 1


def semiaxes(stack: Stacked, columns: Columns) -> Array:
    """Half the diameters, Å, [particles, 3]."""
    if columns.diameters is not None:
        return np.tile(np.array(columns.diameters) / 2, (stack.num_particles, 1))
    return _by_source(stack, columns, "sizes", _lengths, (3,))


def _by_source(
    stack: Stacked, columns: Columns, what: str, read: Callable[[Stacked, Source], Array], row_shape: tuple[int, ...]
) -> Array:
    """Rotations or sizes of all particles; frames that have them in other arrays or another order are read apart."""
    found = {layout: find(columns, what, layout) for layout in stack.layouts}
    several = found[stack.layouts[0]]
    if len(several) == 1 and all(others == several for others in found.values()):
        return read(stack, several[0])
    _tell_choice(stack, what, found)
    sources = {layout: several[0] if several else None for layout, several in found.items()}
    out = np.empty((stack.num_particles, *row_shape))
    for source in dict.fromkeys(sources.values()):
        part, rows = stack.part({layout for layout, one in sources.items() if one == source})
        if source:
            out[rows] = read(part, source)
        elif part.num_particles:
            index = next(k for k, count in enumerate(part.counts) if count)
            raise part.missing(index, *(columns.rotations_wanted if what == "rotations" else columns.sizes_wanted))
    return out


def _tell_choice(stack: Stacked, what: str, found: dict[frozenset[str], list[Source]]) -> None:
    """Warn, for the first frame that has rotations or sizes twice, which are taken."""
    if what in stack.told:
        return
    for index, arrays in zip(stack.indices, stack.arrays, strict=True):
        several = found[frozenset(arrays)]
        if len(several) > 1:
            stack.told.add(what)
            labels = " and ".join(source.label for source in several)
            argument = "rotation_key" if what == "rotations" else "diameter_key"
            checks.warn(f"frame {index} has {what} in {labels}: took {several[0].label}; {argument}= chooses")
            return


def _quaternions(stack: Stacked, source: Source) -> Array:
    """Rotation matrices, [particles, 3, 3]."""
    q = _rows(stack, source, (4,))
    if not source.meaning:
        raise ValueError(
            f"{stack.frame(0)}: array {source.label} is in the order 'xyzw' if OVITO wrote it, 'wxyz' if HOOMD "
            "did: say which with quaternion_order="
        )
    return validation.to_rotations(stack, q, source.label, source.meaning)


def _matrices(stack: Stacked, source: Source) -> Array:
    """Rotation matrices, [particles, 3, 3]."""
    return validation.nearest_rotations(stack, _rows(stack, source, (3, 3), (9,)), source.label)


def _lengths(stack: Stacked, source: Source) -> Array:
    """Semiaxes, Å, [particles, 3]."""
    lengths = _rows(stack, source, (3,))
    validation.check_lengths(
        stack, lengths, [source.label] if len(source.names) == 1 else list(map(repr, source.names))
    )
    return lengths if source.meaning == "semiaxes" else lengths / 2


def _rows(stack: Stacked, source: Source, *row_shapes: tuple[int, ...]) -> Array:
    """What a source holds, [particles, *row_shapes[0]]."""
    if len(source.names) == 1:
        return stack.floats(source.names[0], *row_shapes)
    return stack.columns(source.names).reshape(-1, *row_shapes[0])
