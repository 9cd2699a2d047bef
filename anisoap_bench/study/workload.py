"""What is measured: frames and hyperparameters from what the command line says, and their counts."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from anisoap_bench.errors import CannotMeasure
from anisoap_opt import BACKENDS, EllipsoidalDensityProjection
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.neighbors import find_neighborhoods
from anisoap_opt.reading import read_batch
from benchmarks import workloads


def add_data(parser: argparse.ArgumentParser) -> None:
    """The option that `data_folder` reads; a variable that is unset may stand for its value."""
    parser.add_argument("--data", nargs="?", const="", default="", help="folder; $DATA_ROOT, else data/")


def data_folder(options: argparse.Namespace) -> Path:
    """Where the files are."""
    return Path(options.data) if options.data else workloads.data_folder()


def add_hypers(parser: argparse.ArgumentParser) -> None:
    """The option that `hypers_for` reads."""
    parser.add_argument("--hypers", help="a size like '(9, 6)' or a JSON object; else the system's own")


@dataclass(frozen=True)
class Load:
    """Frames of a file, ready to be computed."""

    path: Path
    frames: list[Atoms]
    hypers: dict[str, Any]
    calculator: EllipsoidalDensityProjection

    @property
    def system(self) -> str:
        """Name of the file without its suffix."""
        return self.path.stem

    @property
    def backend(self) -> str:
        """The one that was asked for, or the default."""
        return self.calculator.backend

    @property
    def title(self) -> str:
        """One line that says what is measured."""
        size = f"max_angular {self.hypers['max_angular']}, max_radial {self.hypers.get('max_radial')}"
        return f"{self.system}.xyz, {len(self.frames)} frames, backend {self.backend}, {size}"


def read_load(path: Path, backend: str | None, frames: int | None = None, hypers: str | None = None) -> Load:
    """The first frames of a file, or all of them.

    Raises
    ------
    CannotMeasure
        If the file, a frame, the backend or the hyperparameters, see `hypers_for`, cannot be used.
    """
    import ase.io

    own = hypers_for(path.stem, hypers)
    calculator = make_calculator(backend, own)
    index = ":" if frames is None else f":{frames}"
    try:
        batch = read_batch(path, index, calculator.columns)  # whose errors name file, line and frame
        read = list(ase.io.iread(path, index, do_not_split_by_at_sign=True))
    except (TypeError, ValueError, OSError) as error:
        raise CannotMeasure(str(error)) from error
    if frames is not None and len(read) < frames:
        raise CannotMeasure(f"{path} has {len(read)} frames, {frames} wanted")
    if not len(batch.types):
        raise CannotMeasure(f"{path}: its frames have no particles")
    return Load(path, read, own, calculator)


def make_calculator(backend: str | None, hypers: dict[str, Any]) -> EllipsoidalDensityProjection:
    """The calculator, or CannotMeasure in its own words."""
    try:
        return EllipsoidalDensityProjection(**hypers, backend=backend)
    except (TypeError, ValueError, NotImplementedError, ModuleNotFoundError) as error:
        raise CannotMeasure(str(error)) from error


def hypers_for(system: str, text: str | None) -> dict[str, Any]:
    """Constructor's arguments for the files of one system.

    Parameters
    ----------
    system : str
        Name of the file without its suffix; one of `workloads.SYSTEMS` has hyperparameters of its own.
    text : str or None
        None for those; a key of `workloads.HYPERS`, such as ``(9, 6)``, or a JSON object laid over the system's own,
        such as ``{"max_angular": 4}``.
    """
    own = workloads.hypers_of(system)
    if not text:
        return own
    if text in workloads.HYPERS:
        kept = {key: own[key] for key in ("subtract_center_contribution",) if key in own}
        return {**workloads.HYPERS[text], **kept}
    try:
        return {**own, **json.loads(text)}
    except (ValueError, TypeError) as error:
        sizes = ", ".join(repr(size) for size in workloads.HYPERS)
        raise CannotMeasure(f"--hypers must be {sizes} or a JSON object, got {text!r}") from error


def installed(asked: list[str] | None) -> list[str]:
    """The backends that were asked for, else all for a CPU that are installed; CannotMeasure if one is not."""
    there = [name for name, one in BACKENDS.items() if one.installed]
    if unknown := [name for name in asked or () if name not in there]:
        raise CannotMeasure(f"not installed: {', '.join(unknown)}; there are {', '.join(there)}")
    return asked or [name for name in there if BACKENDS[name].on_cpu]


def counts(frames: list[Atoms], calculator: Any) -> dict[str, Any]:
    """Sizes that times are divided by; docs/study.md says what they are.

    The calculator's cutoff, and whether a particle counts as its own neighbour, say what a pair is.
    """
    batch = ParticleBatch.read(frames, calculator.columns)
    own = not calculator.subtract_center_contribution
    pairs = find_neighborhoods(batch, calculator.cutoff_radius, self_pairs=own).pairs
    sizes = np.array([len(frame) for frame in frames])
    return {
        "frames": len(frames),
        "particles": int(sizes.sum()),
        "pairs": len(pairs.j),
        "species": len({int(number) for frame in frames for number in frame.numbers}),
        "particles_per_frame": float(sizes.mean()),
        "constant_particles": bool((sizes == sizes[0]).all()),
        "n_squared": int((sizes**2).sum()),
    }
