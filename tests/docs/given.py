"""What the examples of the pages start from: files in their folder, and names that a page only speaks of."""

from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ase.io
import numpy as np
from ase import Atoms

from tests.docs.pages import ROOT, text_of
from tests.frames_for_tests import DIAMETERS, calculator, mixed_frames, random_frame

INPUTS = ROOT / "tests" / "data" / "inputs"


def files(page: str, folder: Path) -> None:
    """Write the files that a page reads into a folder: those of data/ that it names, and small ones of any format."""
    (folder / "data").mkdir()
    for path in (ROOT / "data").iterdir():
        if f"data/{path.name}" in text_of(page):
            shutil.copy(path, folder / "data")
    for path in INPUTS.iterdir():
        shutil.copy(path, folder)
    shutil.copy(INPUTS / "canonical.xyz", folder / "frames.dat")
    hoomd = ase.io.read(INPUTS / "canonical.xyz")
    for name in DIAMETERS:
        del hoomd.arrays[name]
    hoomd.arrays["orientation"] = hoomd.arrays.pop("c_q")
    ase.io.write(folder / "hoomd.xyz", hoomd, format="extxyz")

    with_energies = Atoms("CH", positions=[[0, 0, 0], [3, 0, 0]], info={"energy": -1.5})
    with_energies.arrays["c_q"] = np.tile([1.0, 0, 0, 0], (2, 1))
    for name in DIAMETERS:
        with_energies.arrays[name] = np.array([3.0, 2.0])
    ase.io.write(folder / "with_energies.xyz", with_energies, format="extxyz")

    frames = first_frames((ROOT / "data" / "ellipsoids.xyz").read_text(), 17)
    (folder / "frames.xyz").write_text(frames)
    (folder / "more.xyz.gz").write_bytes(gzip.compress(frames.encode()))
    if shown := re.search(r"^```text\n(\d+\n.*Properties=.*\n(?:.+\n)*)```$", text_of(page), re.MULTILINE):
        # A page that shows a whole file has named it before.
        (name,) = re.findall(r"`(\w+\.xyz)`", text_of(page)[: shown.start()])[-1:]
        (folder / name).write_text(shown[1])
    (folder / "with_a_bad_frame.xyz").write_text(frames.replace("X   ", "X   nothing ", 1))


def first_frames(text: str, count: int) -> str:
    """The text of the first frames."""
    lines, row = text.splitlines(keepends=True), 0
    for _ in range(count):
        row += int(lines[row]) + 2
    return "".join(lines[:row])


def names(page: str) -> dict[str, Any]:
    """Names that a page has not defined itself."""
    if page == "docs/programs.md":
        return {"snapshot": snapshot_of_gsd()}
    if page == "docs/derivatives.md":
        return tensors()
    return {}


def snapshot_of_gsd() -> Any:
    """What the package gsd gives for one frame, as far as the example reads it."""
    rng = np.random.default_rng(1)
    return SimpleNamespace(
        configuration=SimpleNamespace(box=np.array([7.0, 8.0, 9.0, 0.1, 0.2, 0.3], dtype=np.float32)),
        particles=SimpleNamespace(
            typeid=np.array([0, 1, 0], dtype=np.uint32),
            position=rng.uniform(-3, 3, (3, 3)).astype(np.float32),
            orientation=rng.normal(size=(3, 4)).astype(np.float32),
        ),
    )


def tensors() -> dict[str, Any]:
    """A calculator with its frames; the same particles as tensors; a frame that is relaxed already."""
    import torch

    frames = [random_frame(1, 4), random_frame(2, 3)]
    joined: Atoms = frames[0] + frames[1]
    return {
        "calculator": calculator(),
        "frames": mixed_frames(),
        "positions": torch.tensor(joined.positions),
        "types": torch.tensor(joined.numbers),
        "semiaxes": torch.tensor(np.stack([joined.arrays[name] for name in DIAMETERS], axis=1) / 2),
        "quaternions": torch.tensor(joined.arrays["c_q"]),
        "cells": torch.zeros((2, 3, 3), dtype=torch.float64),
        "pbc": torch.zeros((2, 3), dtype=torch.bool),
        "counts": torch.tensor([4, 3]),
        "frame": random_frame(3, 1, cell=20.0 * np.eye(3), pbc=True),
    }
