"""What the generators of this folder share: random draws, distances, extended XYZ text and the command line.

All numbers come from ``Generator.random`` over a bit generator that NumPy keeps stable, seeded by
(seed, frame): a frame is the same whatever the number of frames asked for. Cells and positions are rounded to
`DECIMALS` before distances are checked, so that last bits, which differ between machines, decide nothing.
"""

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int_]

TRACKED_FRAMES = 200  # frames of the files kept in git
DECIMALS = 6
COLUMNS = r"species:S:1:pos:R:3:c_q:R:4:c_diameter\[1\]:R:1:c_diameter\[2\]:R:1:c_diameter\[3\]:R:1"


@dataclass(frozen=True)
class Frame:
    """One periodic frame; the particles all have the same diameters.

    Attributes
    ----------
    species : str
        One letter for each particle.
    cell : array of float, shape (3, 3)
        Cell vectors as rows, in Å.
    positions : array of float, shape (particles, 3)
        Cartesian positions in Å.
    quaternions : array of float, shape (particles, 4)
        Unit quaternions (w, x, y, z) that rotate body to space.
    diameters : tuple of float
        The three diameters along the body's axes, in Å.
    """

    species: str
    cell: FloatArray
    positions: FloatArray
    quaternions: FloatArray
    diameters: tuple[float, float, float]


def frame_rng(seed: int, frame: int) -> np.random.Generator:
    """Return the random generator that belongs to one frame of one data set."""
    return np.random.Generator(np.random.PCG64([seed, frame]))


def rounded(values: FloatArray) -> FloatArray:
    """Round to the decimals that the files carry, without negative zeros."""
    return np.round(values, DECIMALS) + 0.0


def random_quaternions(rng: np.random.Generator, count: int) -> FloatArray:
    """Draw unit quaternions (w, x, y, z) uniformly over all rotations.

    A uniform point of the 3-sphere is two circles of squared radii u and 1 - u, each with a uniform angle.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of 3 numbers a quaternion.
    count : int
        Number of quaternions.

    Returns
    -------
    array of float, shape (count, 4)
        Quaternions, not rounded.
    """
    share, *turns = rng.random((3, count))
    angle_1, angle_2 = 2.0 * np.pi * np.array(turns)
    radius_1, radius_2 = np.sqrt(share), np.sqrt(1.0 - share)
    first = [radius_1 * np.cos(angle_1), radius_1 * np.sin(angle_1)]
    second = [radius_2 * np.cos(angle_2), radius_2 * np.sin(angle_2)]
    return np.stack(first + second, axis=1)


def random_cell(rng: np.random.Generator, volume: float, stretch: float, tilt: float) -> FloatArray:
    """Draw a triclinic cell of a given volume, a along x and b in the xy plane.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of 6 numbers.
    volume : float
        Volume in Å^3; rounding the cell changes it by about 1e-7 of its value.
    stretch : float
        The three diagonal elements are drawn from 1 ± `stretch`, before the scaling to `volume`.
    tilt : float
        The three elements below the diagonal are drawn from ± `tilt`, before the scaling to `volume`.

    Returns
    -------
    array of float, shape (3, 3)
        Cell vectors as rows, in Å, rounded.
    """
    draws = 2.0 * rng.random(6) - 1.0
    xx, yy, zz = 1.0 + stretch * draws[:3]
    yx, zx, zy = tilt * draws[3:]
    cell = np.array([[xx, 0.0, 0.0], [yx, yy, 0.0], [zx, zy, zz]])
    return rounded(cell * np.cbrt(volume / (xx * yy * zz)))


def cell_heights(cell: FloatArray) -> FloatArray:
    """Return the distances between opposite faces of a cell, in Å, shape (3,)."""
    return 1.0 / np.sqrt((np.linalg.inv(cell) ** 2).sum(axis=0))


def shifts_within(limit: float, displacements: FloatArray, cell: FloatArray) -> IntArray:
    """Return lattice vectors in units of the cell's, all that can bring a displacement within a distance.

    Parameters
    ----------
    limit : float
        Distance in Å.
    displacements : array of float, shape (pairs, 3)
        Cartesian vectors in Å, of any length.
    cell : array of float, shape (3, 3)
        Cell vectors as rows, in Å.

    Returns
    -------
    array of int, shape (shifts, 3)
    """
    fractional = np.abs(displacements @ np.linalg.inv(cell)).max(axis=0)
    reach = np.floor(limit / cell_heights(cell) + fractional).astype(int)
    return np.indices(2 * reach + 1).reshape(3, -1).T - reach


def any_image_within(limit: float, displacements: FloatArray, cell: FloatArray, *, skip_home: bool = False) -> bool:
    """Tell whether any displacement, shifted by any lattice vector, is shorter than `limit`.

    Parameters
    ----------
    limit : float
        Distance in Å.
    displacements : array of float, shape (pairs, 3)
        Cartesian vectors in Å, of any length.
    cell : array of float, shape (3, 3)
        Cell vectors as rows, in Å.
    skip_home : bool
        Leave out the unshifted displacements, as a molecule that meets its own images needs.

    Returns
    -------
    bool
        True as soon as one shifted displacement is too short.
    """
    shifts = shifts_within(limit, displacements, cell)
    if skip_home:
        shifts = shifts[shifts.any(axis=1)]
    images = displacements[:, None, :] + shifts @ cell  # [pairs, shifts, 3]
    return bool(((images**2).sum(axis=-1) < limit**2).any())


def frame_text(frame: Frame) -> str:
    """Return a frame as extended XYZ, the brackets of `COLUMNS` escaped so that ASE keeps the names."""
    lattice = " ".join(f"{value:.{DECIMALS}f}" for value in frame.cell.ravel())
    tail = "".join(f" {diameter:.1f}" for diameter in frame.diameters)
    lines = [f"{len(frame.species)}", f'Lattice="{lattice}" Properties={COLUMNS} pbc="T T T"']
    for letter, *numbers in zip(frame.species, *frame.positions.T, *frame.quaternions.T, strict=True):
        lines.append(letter + "".join(f" {value:{DECIMALS + 4}.{DECIMALS}f}" for value in numbers) + tail)
    return "\n".join(lines) + "\n"


def write_atomically(path: Path, chunks: Iterable[str]) -> None:
    """Write text to `path` so that it holds either what it held before or all of the new text.

    Parameters
    ----------
    path : Path
        Where to write; its folder is made when missing.
    chunks : iterable of str
        Text in order, line ends as they are to stand in the file.

    Raises
    ------
    OSError
        If the folder or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="ascii", newline="") as file:
            file.writelines(chunks)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def default_folder() -> Path:
    """Return the folder named by ``$DATA_ROOT``, or the one this file lies in."""
    return Path(os.environ.get("DATA_ROOT") or Path(__file__).parent)


def output_path(out: Path | None, name: str) -> Path:
    """Return where the file `name` goes: `out` itself if it ends as `name` does, else a folder to put it in."""
    if out is not None and out.suffix == Path(name).suffix and not out.is_dir():
        return out
    return (out or default_folder()) / name


def frame_count(text: str) -> int:
    """Read a number of frames from the command line, at least 1."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of frames above 0")
    return int(text)


def argument_parser(
    description: str, frames: int | None, frames_help: str, suffix: str = ".xyz"
) -> argparse.ArgumentParser:
    """Return a parser with the options ``--frames`` and ``--out`` that all generators take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--frames", type=frame_count, default=frames, metavar="N", help=frames_help)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE_OR_DIR",
        help=f"a file that ends in {suffix}, or a folder, made when missing "
        "(default: $DATA_ROOT, else the folder of this script)",
    )
    return parser


def run_generator(
    description: str,
    name: str,
    make_frame: Callable[[int], Frame],
    argv: Sequence[str] | None,
    text: Callable[[Frame], str] = frame_text,
) -> None:
    """Run a generator from its command line: make the frames one by one and write something of each to one file.

    Parameters
    ----------
    description : str
        What ``--help`` says.
    name : str
        File name of the data set.
    make_frame : callable
        Makes a frame from its index.
    argv : sequence of str or None
        The arguments; None for those of the process.
    text : callable
        What to write of a frame; by default all of it.
    """
    frames_help = "frames to make (default: %(default)s, as tracked in git)"
    parser = argument_parser(description, TRACKED_FRAMES, frames_help, Path(name).suffix)
    args = parser.parse_args(argv)
    path = output_path(args.out, name)
    try:
        write_atomically(path, (text(make_frame(index)) for index in range(args.frames)))
    except OSError as error:
        parser.error(f"cannot write {path}: {error}")
    print(f"{path}: {args.frames} frames")
