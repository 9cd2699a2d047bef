"""Which atoms make which molecule: lists of indices, labels or bonds → one flat list of members."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.arrays import Ints
from anisoap_opt.stacking import Stack


class Groups(NamedTuple):
    """The molecules of all frames, one after the other.

    Attributes
    ----------
    members : ndarray of int, shape [atoms]
        Atoms, counted through all frames, molecule after molecule.
    offsets : ndarray of int, shape [molecules + 1]
        Molecule m has the members offsets[m] … offsets[m+1] - 1.
    frames : ndarray of int, shape [frames + 1]
        Frame f has the molecules frames[f] … frames[f+1] - 1.
    """

    members: Ints
    offsets: Ints
    frames: Ints

    @property
    def molecule_of_atom(self) -> Ints:
        """Shape [atoms]."""
        molecules = np.empty(len(self.members), np.int64)
        molecules[self.members] = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        return molecules

    def name(self, stack: Stack, molecule: int) -> str:
        """Frame, molecule and its atoms, in words."""
        frame = int(np.searchsorted(self.frames, molecule, side="right")) - 1
        atoms = self.members[self.offsets[molecule] : self.offsets[molecule + 1]] - stack.offsets[frame]
        shown = ", ".join(map(str, atoms[:6].tolist())) + (" …" if len(atoms) > 6 else "")
        return f"{stack.frame(frame)}, molecule {molecule - self.frames[frame]} (atoms {shown})"


def from_labels(stack: Stack, labels: list[npt.NDArray[Any]]) -> Groups:
    """Atoms of one frame that have the same label are one molecule; molecules are in the order of their first atoms.

    Parameters
    ----------
    stack : Stack
    labels : list of ndarray, shape [atoms of the frame]
        Integers or text.

    Returns
    -------
    Groups
    """
    firsts = []  # of each atom, the first one of its molecule
    for start, of_frame in zip(stack.offsets.tolist(), labels, strict=False):
        _, first, inverse = np.unique(of_frame, return_index=True, return_inverse=True)
        firsts.append(start + first[inverse.reshape(-1)])
    return from_first_atoms(stack, np.concatenate(firsts).astype(np.int64))


def from_first_atoms(stack: Stack, first: Ints) -> Groups:
    """As `from_labels`, of the first atom of every atom's molecule, [atoms], counted through all frames."""
    starts, inverse, sizes = np.unique(first, return_inverse=True, return_counts=True)
    members = np.argsort(inverse.reshape(-1), kind="stable")
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return Groups(members, offsets, np.searchsorted(starts, stack.offsets))


def read(stack: Stack, molecules: Any) -> Groups:
    """What a caller says about the molecules.

    Parameters
    ----------
    stack : Stack
    molecules : str, sequence of labels, of lists, or of lists of lists
        See `anisoap_opt.coarse_grain`.

    Returns
    -------
    Groups

    Raises
    ------
    TypeError, ValueError
        If it is none of these, or atoms are missing, twice there, or not in the frame.
    """
    if isinstance(molecules, str):
        return from_labels(stack, [_array(stack, frame, molecules) for frame in range(len(stack.counts))])
    wanted = "molecules must be the name of an array, labels of the atoms, lists of atoms, or such lists for each frame"
    depth = _depth(molecules)
    if depth == 1:
        labels = _as_array(molecules)
        if labels.dtype.kind not in "iuUS":
            raise TypeError(f"{wanted}; labels must be integers or text, got {checks.shorten(molecules)}")
        for frame, count in enumerate(stack.counts):
            if count != len(labels):
                raise ValueError(f"{stack.frame(frame)} has {count} atoms, but molecules has {len(labels)} labels")
        return from_labels(stack, [labels] * len(stack.counts))
    if depth not in (2, 3):
        raise TypeError(f"{wanted}, got {checks.shorten(molecules)}")
    num_frames = len(stack.counts)
    if depth == 3 and len(molecules) != num_frames:
        raise ValueError(f"molecules has lists for {len(molecules)} frames, there are {num_frames}")
    of_frames = molecules if depth == 3 else [molecules] * num_frames
    lists = [_members(stack, frame, groups) for frame, groups in enumerate(of_frames)]
    members = [start + one for start, of_frame in zip(stack.offsets.tolist(), lists, strict=False) for one in of_frame]
    return Groups(
        np.concatenate([np.zeros(0, np.int64), *members]),
        np.cumsum([0, *map(len, members)]),
        np.cumsum([0, *map(len, lists)]),
    )


def _depth(value: Any) -> int:
    """How many lists are inside each other: 0 for what is no list, as far as first elements tell."""
    depth = 0
    while isinstance(value, list | tuple | range | np.ndarray):
        depth += 1
        filled = [one for one in value if not hasattr(one, "__len__") or len(one)]
        if not filled:
            return depth
        value = filled[0]
    return depth


def _as_array(value: Any) -> npt.NDArray[Any]:
    """An array, of one object where lists have different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.empty(1, dtype=object)


def _array(stack: Stack, frame: int, name: str) -> npt.NDArray[Any]:
    """Labels of one frame's atoms."""
    if name not in stack.arrays[frame]:
        raise stack.missing(frame, repr(name), "; molecules= names the one with the labels of molecules")
    labels = np.asarray(stack.arrays[frame][name])
    if labels.shape != (stack.counts[frame],):
        raise ValueError(f"{stack.frame(frame)}: array {name!r} has shape {labels.shape}, labels must be [atoms]")
    if labels.dtype.kind == "O":  # text perhaps, in an array of objects
        labels = _as_array(labels.tolist())
    rounded = labels.dtype.kind == "f" and np.array_equal(labels, np.round(labels))
    if labels.dtype.kind not in "biuSU" and not rounded:
        raise TypeError(f"{stack.frame(frame)}: array {name!r} must hold labels, got {checks.shorten(labels.tolist())}")
    return labels


def _members(stack: Stack, frame: int, groups: Any) -> list[Ints]:
    """The lists of one frame, checked."""
    where, count = f"{stack.frame(frame)}: molecules", stack.counts[frame]
    lists = []
    if not isinstance(groups, list | tuple | range | np.ndarray):
        raise TypeError(f"{where} must be lists of atoms' indices, got {checks.shorten(groups)}")
    for number, group in enumerate(groups):
        atoms = _as_array(group)
        if atoms.shape == (0,):
            raise ValueError(f"{where}[{number}] has no atoms")
        if atoms.ndim != 1 or atoms.dtype.kind not in "iu":
            raise TypeError(f"{where}[{number}] must be a list of atoms' indices, got {checks.shorten(group)}")
        if not (atoms.min() >= 0 and atoms.max() < count):
            bad = atoms[(atoms < 0) | (atoms >= count)][0]
            raise ValueError(f"{where}[{number}] has atom {bad}, but the frame has the atoms 0 to {count - 1}")
        lists.append(atoms.astype(np.int64))
    times = np.bincount(np.concatenate([np.zeros(0, np.int64), *lists]), minlength=count)
    for wrong, what in ((times > 1, "in more than one place"), (times == 0, "in none")):
        if wrong.any():
            found = np.flatnonzero(wrong).tolist()
            raise ValueError(f"{where}: every atom must be in one, {checks.shorten(found)} are {what}")
    return lists
