"""The quick pass over a file, and the plan that follows from it."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import ase.io
import numpy as np
import pytest

from anisoap_opt.folder import scan as scanning
from anisoap_opt.folder.plan import MOST_FRAMES, Plan, choose_frames_per_block, scan_files
from anisoap_opt.folder.scan import scan
from anisoap_opt.folder.source import Source
from tests.folder.inputs import some_frames, text_of, write_frames

DATA = Path(__file__).parents[2] / "data"


def places_by_hand(text: str) -> list[tuple[int, int]]:
    """Offset and line of every frame, and of the end."""
    lines, found, k = text.splitlines(keepends=True), [], 0
    while k < len(lines):
        found.append((sum(len(line.encode()) for line in lines[:k]), k + 1))
        k += int(lines[k]) + 2
    return [*found, (len(text.encode()), k + 1)]


@pytest.mark.parametrize("name", ["benzenes", "four_species", "ellipsoids"])
def test_what_it_finds_is_what_ase_finds(name: str) -> None:
    path = DATA / f"{name}.xyz"
    found, frames = scan(Source(str(path)), 0, None), ase.io.read(path, ":")
    assert found.num_frames == len(frames)
    assert found.types == {int(one) for frame in frames for one in frame.numbers}
    assert found.most_particles == max(map(len, frames))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.size == path.stat().st_size


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_places_of_all_frames(newline: str, tmp_path: Path) -> None:
    texts = [text_of(frame).replace("Properties", f'name="é{k}" Properties') for k, frame in enumerate(some_frames(9))]
    text = "".join(texts).replace("\n", newline)
    path = tmp_path / "a.xyz"
    path.write_bytes(text.encode())
    places = scan(Source(str(path)), 0, 1).places
    assert places is not None
    expected = places_by_hand(text)
    assert [places.of(k) for k in range(9)] == expected[:-1]
    assert places.of(9)[0] == expected[-1][0]


def test_places_are_thinned_out_but_those_of_blocks_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST_PLACES", 4)
    path = write_frames(tmp_path / "a.xyz", some_frames(21))
    first = 3
    found, all_places = scan(Source(str(path)), first, None), places_by_hand(path.read_text())
    assert found.places is not None
    assert len(found.places.frames) <= 6
    assert found.every in (4, 8)
    for frame in [0, *range(-first % found.every, 21, found.every)]:
        assert found.places.of(frame) == all_places[frame]


@pytest.mark.parametrize(
    ("properties", "rows", "types"),
    [
        ("species:S:1:pos:R:3", ["H 0 0 0", "He 1 1 1"], {1, 2}),
        ("species:S:1:pos:R:3", ["      H 0 0 0", "\tHe 1 1 1"], {1, 2}),
        ("pos:R:3:species:S:1", ["0 0 0 C", "1 1 1 N"], {6, 7}),
        ("Z:I:1:pos:R:3", ["6 0 0 0", "80 1 1 1"], {6, 80}),
        ("species:S:1:pos:R:3:Z:I:1", ["H 0 0 0 12345", "H 0 0 0 7"], {7, 12345}),
        ("species:S:1:pos:R:3", ["H 0 0 0", "Nonsense 0 0 0"], {1}),  # its frame is bad, and will be found
    ],
)
def test_types_wherever_they_stand(properties: str, rows: list[str], types: set[int], tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_text("".join(f"1\nProperties={properties}\n{row}\n" for row in rows))
    assert scan(Source(str(path)), 0, None).types == types


CELL = 'Lattice="9 0 0 0 9 0 0 0 9" '


def types_of(path: Path, comment: str, rows: list[str], repeat: int = 1) -> frozenset[int]:
    path.write_bytes("".join(f"1\n{comment}\n{row}\n" for row in rows * repeat).encode())
    return scan(Source(str(path)), 0, None).types


@pytest.mark.parametrize("lattice", ["", CELL], ids=["by lines", "many at once"])
@pytest.mark.parametrize("padding", range(6))
def test_rows_that_begin_with_spaces(lattice: str, padding: int, tmp_path: Path) -> None:
    space = " " * padding
    symbols = [f"{space}{symbol} 1.25 1.25 1.25" for symbol in ("Cl", "Cl", "H")]
    assert types_of(tmp_path / "a.xyz", f"{lattice}Properties=species:S:1:pos:R:3", symbols, 30) == {1, 17}
    numbers = [f"{space}{number} 1.25 1.25 1.25" for number in (17, 101, 6)]
    assert types_of(tmp_path / "b.xyz", f"{lattice}Properties=Z:I:1:pos:R:3", numbers, 30) == {6, 17, 101}


@pytest.mark.parametrize("lattice", ["", CELL], ids=["by lines", "many at once"])
@pytest.mark.parametrize("space", ["\u00a0", "\x1c", "\u2003", "\t", "\x0b"], ids=ascii)
@pytest.mark.parametrize(("properties", "before"), [("species:S:1:pos:R:3", ""), ("pos:R:3:species:S:1", "1 2 3")])
def test_whatever_separates_words(lattice: str, space: str, properties: str, before: str, tmp_path: Path) -> None:
    behind = "" if before else f"{space}1{space}2{space}3"
    rows = [f"{before.replace(' ', space)}{space}{symbol}{behind}" for symbol in ("Cl", "H")]
    assert types_of(tmp_path / "a.xyz", f"{lattice}Properties={properties}", rows, 30) == {1, 17}


def test_numbers_as_the_reader_takes_them(tmp_path: Path) -> None:
    rows = [f"{number} 1.25 1.25 1.25" for number in ("1_0", "+7", "-1", "2147483648", "9" * 20, "6.0", "2147483647")]
    assert types_of(tmp_path / "a.xyz", "Properties=Z:I:1:pos:R:3", rows) == {7, 10, 2**31 - 1}


def test_compressed_files_have_places_in_their_text(tmp_path: Path) -> None:
    plain = write_frames(tmp_path / "a.xyz", some_frames(5))
    packed = tmp_path / "a.xyz.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert scan(Source(str(packed)), 0, 1).places == scan(Source(str(plain)), 0, 1).places


def test_a_frame_cut_off_at_the_end_counts(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "a.xyz", some_frames(3))
    for cut in (40, 500):
        path.write_bytes(path.read_bytes()[:-cut])
        assert scan(Source(str(path)), 0, None).num_frames == 3


def test_what_only_ase_understands_has_no_places(tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_text("1\nProperties=species:S:1:pos:R:3\nH 0 0 0\nVEC1 1 0 0\n")
    found = scan(Source(str(path)), 0, None)
    assert (found.places, found.num_frames, found.types) == (None, 1, {1})
    dump = Source(str(DATA.parent / "tests" / "data" / "inputs" / "dump.lammpstrj"), elements=("C", "H"))
    found = scan(dump, 0, None)
    assert found.places is None
    assert (found.num_frames, found.types) == (len(ase.io.read(dump.path, ":")), {1, 6})


def test_a_line_that_is_no_number_is_named(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "a.xyz", some_frames(2))
    path.write_text(path.read_text() + "three\n")
    with pytest.raises(ValueError, match=r"a\.xyz, line 10 \(frame 2\): must be the number of particles, is 'three'"):
        scan(Source(str(path)), 0, None)


def plan(tmp_path: Path, counts: list[int], frames_per_block: int) -> Plan:
    sources = [
        Source(str(write_frames(tmp_path / f"{k}.xyz", some_frames(count, k)))) for k, count in enumerate(counts)
    ]
    return Plan(scan_files(sources, frames_per_block), (1, 6), frames_per_block)


def test_blocks_span_files(tmp_path: Path) -> None:
    found = plan(tmp_path, [5, 1, 7], 4)
    assert (found.num_frames, found.num_blocks, found.first_frames) == (13, 4, [0, 5, 6, 13])
    assert [list(found.ranges(block)) for block in range(4)] == [
        [(0, 0, 4)],
        [(0, 4, 5), (1, 0, 1), (2, 0, 2)],
        [(2, 2, 6)],
        [(2, 6, 7)],
    ]


def test_shards_are_a_partition(tmp_path: Path) -> None:
    found = plan(tmp_path, [11], 2)
    for of in (1, 2, 3, 6, 9):
        shards = [found.shard(number, of) for number in range(of)]
        assert [block for shard in shards for block in shard] == list(range(6))
        assert np.ptp([len(shard) for shard in shards]) <= 1
    with pytest.raises(ValueError, match="counted from 0/3 to 2/3"):
        found.shard(3, 3)


@pytest.mark.parametrize(
    ("particles", "row_bytes", "expected"),
    [(2, 352, MOST_FRAMES), (10_000, 352, 2), (10**6, 352, 1), (2, 1 << 20, 16), (2, 1 << 30, 1)],
)
def test_frames_per_block(particles: int, row_bytes: int, expected: int, tmp_path: Path) -> None:
    path = write_frames(tmp_path / "a.xyz", some_frames(2))
    found = scan(Source(str(path)), 0, None)
    one = type(found)(**{**vars(found), "most_particles": particles})
    assert choose_frames_per_block([one], row_bytes) == expected
