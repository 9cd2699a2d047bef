"""Relabel ``benzenes.xyz`` into files of one, three and four species: labels change, every other byte stays.

The files have the same particles, hence the same pairs: a sweep over them varies the number of species alone.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from frame_tools import argument_parser, default_folder, output_path, write_atomically

NAMES = {1: "one_species.xyz", 2: "benzenes.xyz", 3: "three_species.xyz", 4: "four_species.xyz"}
# Within a frame, the atoms of one element take the letters of its pattern in turn.
# A frame of 12 C and 12 H becomes 24 C; 12 C, 12 H; 8 C, 8 H, 8 N; 6 C, 6 H, 6 N, 6 O.
PATTERNS = {
    1: {"C": "C", "H": "C"},
    2: {"C": "C", "H": "H"},
    3: {"C": "CCN", "H": "HHN"},
    4: {"C": "CN", "H": "HO"},
}


def read_blocks(path: Path, frames: int | None) -> Iterator[list[str]]:
    """Read the lines of one frame after the other, line ends included.

    Parameters
    ----------
    path : Path
        An XYZ file.
    frames : int or None
        How many frames to read; None for all.

    Yields
    ------
    list of str
        The line with the count, the comment line, and a line for each particle.

    Raises
    ------
    ValueError
        If the file is empty, is not XYZ, breaks off within a frame, or has too few frames.
    """
    done = 0
    with path.open(encoding="ascii", newline="") as file:
        while done != frames and (count := file.readline()):
            if not count.strip().isdigit():
                raise ValueError(f"{path}, frame {done}: {count.strip()!r} is not a number of particles")
            block = [count] + [file.readline() for _ in range(int(count) + 1)]
            if not block[-1]:
                raise ValueError(f"{path} breaks off within frame {done}")
            yield block
            done += 1
    if done < (frames or 1):
        raise ValueError(f"{path} has {done} frames, wanted {frames or 'at least 1'}")


def relabel(block: list[str], pattern: dict[str, str]) -> str:
    """Return one frame's text with new labels.

    Parameters
    ----------
    block : list of str
        The lines of the frame, from `read_blocks`.
    pattern : dict of str to str
        For each element, the letters that its atoms take in turn.

    Returns
    -------
    str
        The lines joined, changed in the first letter of particle lines only.

    Raises
    ------
    ValueError
        If a particle's label is not in `pattern`.
    """
    seen = dict.fromkeys(pattern, 0)
    lines = block[:2]
    for line in block[2:]:
        label = line.split(maxsplit=1)[0] if line[:1].strip() else ""
        if label not in pattern:
            known = ", ".join(pattern)
            raise ValueError(f"a particle line begins with {line[:12]!r}, not with one of {known}")
        letters = pattern[label]
        lines.append(letters[seen[label] % len(letters)] + line[len(label) :])
        seen[label] += 1
    return "".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the relabelled files as the command line says."""
    frames_help = "frames to relabel (default: all)"
    parser = argument_parser("Relabel benzenes.xyz into 1 to 4 species.", None, frames_help)
    parser.add_argument(
        "--input",
        type=Path,
        metavar="FILE",
        help="file to relabel (default: benzenes.xyz in $DATA_ROOT, else in the folder of this script)",
    )
    parser.add_argument(
        "--species",
        type=int,
        nargs="+",
        choices=sorted(NAMES),
        default=[1, 3, 4],
        help="numbers of species, a file for each (default: 1 3 4); 2 copies the labels",
    )
    args = parser.parse_args(argv)
    source = args.input or default_folder() / NAMES[2]
    targets = {species: output_path(args.out, NAMES[species]) for species in args.species}
    if len(set(targets.values())) < len(targets):
        parser.error(f"--out {args.out} is one file, but --species asks for {len(targets)}: name a folder")
    try:
        for species, path in targets.items():
            blocks = read_blocks(source, args.frames)
            write_atomically(path, (relabel(block, PATTERNS[species]) for block in blocks))
            print(f"{path}: {species} species, labels changed from {source}")
    except FileNotFoundError as error:
        parser.error(f"{error.filename} does not exist; create_benzenes.py makes benzenes.xyz")
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
