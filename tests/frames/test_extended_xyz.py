"""`read`: what extended XYZ files hold, read as ASE reads it, bit for bit, or an error as from ASE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt import ParticleBatch, iread, read
from tests.frames.against_ase import HEADER, LATTICE, OTHER, PROPERTIES, ROW, SIZES, TWO, assert_as_ase, write

GOOD = {
    "plain": HEADER,
    "escaped": HEADER.replace("[", r"\[").replace("]", r"\]"),
    "quoted properties": f'{LATTICE} Properties="{PROPERTIES}"',
    "new names": HEADER.replace("c_diameter[1]", "c_diameter1")
    .replace("c_diameter[2]", "c_diameter2")
    .replace("c_diameter[3]", "c_diameter3"),
    "no cell": f"Properties={PROPERTIES}",
    "no cell, pbc": f'Properties={PROPERTIES} pbc="F F F"',
    "pbc": f'{HEADER} pbc="T F T"',
    "pbc first": f'pbc="F F T" {HEADER}',
    "pbc one word": f"{HEADER} pbc=F",
    "pbc brackets": f"{HEADER} pbc=[F,T,F]",
    "pbc braces": f"{HEADER} pbc={{T T F}}",
    "pbc numbers": f'{HEADER} pbc="1 0 1"',
    "pbc words": f'{HEADER} pbc="True false TRUE"',
    "pbc twice": f'{HEADER} pbc="T F T" pbc="F F F"',
    "cell in braces": HEADER.replace('="', "={").replace('8"', "8}"),
    "cell in single quotes": HEADER.replace('"', "'"),
    "cell with commas": HEADER.replace("0.3 -0.2", "0.3,-0.2"),
    "cell of integers": 'Lattice="4 0 0 0 5 0 1 0 6" ' + f"Properties={PROPERTIES}",
    "cell with spaces around": f'Lattice = "4 0 0 0 5 0 1 0 6"  Properties = {PROPERTIES}',
    "cell twice": f'Lattice="9 0 0 0 9 0 0 0 9" {HEADER}',
    "cell in a comment": f"""{HEADER} note='Lattice="9 0 0 0 9 0 0 0 9"'""",
    "cell in a comment before": f"""note='Lattice="9 0 0 0 9 0 0 0 9"' {HEADER}""",
    "another cell": f'OldLattice="9 0 0 0 9 0 0 0 9" {HEADER}',
    "another cell behind": f'{HEADER} OldLattice="9 0 0 0 9 0 0 0 9"',
    "only another cell": f'OldLattice="9 0 0 0 9 0 0 0 9" Properties={PROPERTIES}',
    "a sign before the cell": f"1{HEADER}",
    "cell that does not end": f'Properties={PROPERTIES} Lattice="4 0 0 0 5 0 1 0 6',
    "energy": f"{HEADER} energy=-17.25 free_energy=1e3 step=17",
    "a word as energy": f"{HEADER} energy=low",
    "virial": f'{HEADER} virial="1 2 3 4 5 6 7 8 9" stress="1 2 3 4 5 6 7 8 9" dipole="1 2 3"',
    "words": f'{HEADER} config_type=bulk name="a b = c" done T flag=F list="1 2 x" empty=""',
    "empty before the cell": f'name="" {HEADER}',
    "empty before pbc": f"{HEADER} note='' pbc=\"F F F\"",
    "empty braces before the cell": f"name={{}} {HEADER}",
    "escapes in words": rf'{HEADER} name="a \"quoted\" word" path=a\ b',
    "other quotes": f"{HEADER} name='a \"b' other={{c 'd}} json='_JSON [1]'",
    "json": HEADER + r""" info="_JSON {\"a\": [1, 2]}" """,
    "uid": f"{HEADER} uid=1_2",
    "nothing between": f'{HEADER} name="a"b',
    "equal signs": f"{HEADER} formula=a=b=c",
    "tabs": HEADER.replace(" ", "\t"),
}


@pytest.mark.parametrize("header", GOOD.values(), ids=GOOD)
def test_comment_lines(header: str, tmp_path: Path, by_ase: Any) -> None:
    path = write(tmp_path, f"2\n{header}\n{ROW}\n{OTHER}\n1\n{header}\n{ROW}\n")
    assert isinstance(assert_as_ase(path), ParticleBatch)
    assert not by_ase()


OTHER_COLUMNS = {
    "numbers": ("Properties=Z:I:1:pos:R:3:c_q:R:4", "6 0 0 0 1 0 0 0"),
    "numbers and symbols": ("Properties=species:S:1:Z:I:1:pos:R:3:c_q:R:4", "Q 6 0 0 0 1 0 0 0"),
    "small letters": ("Properties=species:S:1:pos:R:3:c_q:R:4", "cL 0 0 0 1 0 0 0"),
    "no element": ("Properties=species:S:1:pos:R:3:c_q:R:4", "X 0 0 0 1 0 0 0"),
    "other order": ("Properties=c_q:R:4:pos:R:3:species:S:1", "1 0 0 0 0.5 1.5 2.5 C"),
    "integers": ("Properties=species:S:1:pos:I:3:c_q:I:4", "C 1 2 3 1 0 0 0"),
    "integers as floats": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 1 2 3 1 0 0 0"),
    "columns of one": ("Properties=species:S:1:pos:R:3:c_q1:R:1:c_q2:R:1:c_q3:R:1:c_q4:R:1", "C 1 2 3 1 0 0 0"),
    "more columns": ("Properties=species:S:1:pos:R:3:c_q:R:4:note:S:2:on:L:1", "C 1 2 3 1 0 0 0 a_long_word b T"),
    "words no header names": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 1 2 3 1 0 0 0 and more"),
    "forces": ("Properties=species:S:1:pos:R:3:forces:R:3:c_q:R:4 energy=1", "C 1 2 3 7 8 9 1 0 0 0"),
    "charges": ("Properties=species:S:1:pos:R:3:initial_charges:R:1:magmoms:R:1:c_q:R:4", "C 1 2 3 7 8 1 0 0 0"),
    "mask": ("Properties=species:S:1:pos:R:3:move_mask:L:1:c_q:R:4", "C 1 2 3 T 1 0 0 0"),
    "masks": ("Properties=species:S:1:pos:R:3:move_mask:L:3:c_q:R:4", "C 1 2 3 T F T 1 0 0 0"),
    "spellings": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C +1 2e-3 .5 1_0 -0 1E2 0001."),
}
WRONG_COLUMNS = {
    "no columns named": ("", "C 1 2 3"),
    "comment": ("made by hand, i = 5", "C 1 2 3"),
    "a name twice": ("Properties=species:S:1:pos:R:3:c_q:R:4:c_q:R:4", "C 1 2 3 1 0 0 0 1 0 0 0"),
    "names that clash": ("Properties=species:S:1:pos:R:3:c_q:R:4:c_q0:R:1", "C 1 2 3 1 0 0 0 1"),
    "an unknown type": ("Properties=species:S:1:pos:R:3:c_q:Q:4", "C 1 2 3 1 0 0 0"),
    "no number of columns": ("Properties=species:S:1:pos:R:3:c_q:R:four", "C 1 2 3 1 0 0 0"),
    "Properties without value": ("Properties", "C 1 2 3 1 0 0 0"),
    "text": ("Properties=species:S:1:pos:R:3:c_q:S:4", "C 1 2 3 1 0 0 0"),
    "too few for a quaternion": ("Properties=species:S:1:pos:R:3:c_q:R:3", "C 1 2 3 1 0 0"),
    "two for a position": ("Properties=species:S:1:pos:R:2:c_q:R:4", "C 1 2 1 0 0 0"),
    "float in integers": ("Properties=species:S:1:pos:R:3:tag:I:1:c_q:R:4", "C 1 2 3 1.0 1 0 0 0"),
    "unknown element": ("Properties=species:S:1:pos:R:3:c_q:R:4", "Qq 1 2 3 1 0 0 0"),
    "long element": ("Properties=species:S:1:pos:R:3:c_q:R:4", "Carbon 1 2 3 1 0 0 0"),
    "short row": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 1 2 3 1 0 0"),
    "empty row": ("Properties=species:S:1:pos:R:3:c_q:R:4", ""),
    "hexadecimal": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 0x1 2 3 1 0 0 0"),
    "Fortran": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 1d0 2 3 1 0 0 0"),
    "comma": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 1,5 2 3 1 0 0 0"),
    "NaN": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C nan 2 3 1 0 0 0"),
    "infinite": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 1 2 3 inf 0 0 0"),
    "zero": ("Properties=species:S:1:pos:R:3:c_q:R:4", "C 1 2 3 0 0 0 0"),
}
MANY = {**OTHER_COLUMNS, **WRONG_COLUMNS}


@pytest.mark.parametrize(("header", "row"), MANY.values(), ids=MANY)
def test_columns(header: str, row: str, tmp_path: Path) -> None:
    good = "Properties=species:S:1:pos:R:3:c_q:R:4", "C 1 2 3 1 0 0 0"
    path = write(tmp_path, f"1\n{good[0]}\n{good[1]}\n1\n{header}\n{row}\n1\n{good[0]}\n{good[1]}\n")
    found = assert_as_ase(path, **SIZES)
    assert isinstance(found, Exception) == ((header, row) in WRONG_COLUMNS.values())


def test_numbers_that_are_words(tmp_path: Path) -> None:
    header = "Properties=Z:S:1:pos:R:3:c_q:R:4"
    assert_as_ase(write(tmp_path, f"1\n{header}\nH 1 2 3 1 0 0 0\n"), **SIZES)
    mixed = f"1\n{header.replace('Z:S', 'Z:I')}\n6 1 2 3 1 0 0 0\n1\n{header}\nH 1 2 3 1 0 0 0\n"
    assert_as_ase(write(tmp_path, mixed), **SIZES)


def test_an_integer_that_ase_has_no_room_for(tmp_path: Path) -> None:
    """An error with NumPy 2; before, it is another number, and a DeprecationWarning."""
    assert_as_ase(
        write(tmp_path, f"1\nProperties=species:S:1:pos:R:3:tag:I:1:c_q:R:4\nC 1 2 3 {2**31} 1 0 0 0\n"), **SIZES
    )


def test_flags_are_no_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "1\nProperties=species:S:1:pos:R:3:c_q:L:4\nC 1 2 3 T F F F\n")
    assert isinstance(assert_as_ase(path, **SIZES), TypeError)


BAD_HEADERS = {
    "eight numbers": HEADER.replace("4.1 ", ""),
    "ten numbers": HEADER.replace("4.1 ", "4.1 1 "),
    "a word in the cell": HEADER.replace("4.1", "four"),
    "no value": f"Lattice Properties={PROPERTIES}",
    "virial of six": f'{HEADER} virial="1 2 3 4 5 6"',
    "two in pbc": f'{HEADER} pbc="T T"',
    "a singular cell": 'Lattice="4 0 0 8 0 0 0 0 1" ' + f"Properties={PROPERTIES}",
    "NaN in the cell": HEADER.replace("4.1", "nan"),
    "json that does not end": f'{HEADER} info="_JSON [1, 2"',
}


@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_comment_lines_that_make_no_sense(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"1\n{HEADER}\n{ROW}\n2\n{header}\n{ROW}\n{OTHER}\n")
    found = assert_as_ase(path)
    assert isinstance(found, Exception)
    assert f"{path}, line 5" in str(found)
    assert "frame 1" in str(found)


LINES = {
    "as it is": TWO,
    "CRLF": TWO.replace("\n", "\r\n"),
    "CR": TWO.replace("\n", "\r"),
    "tabs": TWO.replace(" ", "\t").replace("Lattice\t", "Lattice "),
    "spaces around": TWO.replace("\n", "  \n  "),
    "BOM": "\ufeff" + TWO,
    "no last newline": TWO[:-1],
    "empty lines at the end": TWO + "\n \n\n",
    "an empty line between frames": f"{TWO}\n{TWO}",
    "an empty line first": "\n" + TWO,
    "no rows": f"0\n{HEADER}\n{TWO}0\n\n",
    "no rows, no comment line": TWO + "0\n",
    "no rows and nothing known": f"0\n\n{TWO}",
    "truncated row": TWO[:-10],
    "truncated frame": TWO[: TWO.rindex("\n", 0, -1) + 1],
    "truncated header": TWO + "1\n",
    "count only": "3",
    "count too low": TWO.replace("2\n", "1\n", 1),
    "count too high": TWO.replace("2\n", "3\n", 1),
    "count of nothing": TWO.replace("2\n", "two\n", 1),
    "count with words": TWO.replace("2\n", "2 atoms\n", 1),
    "count with a sign": TWO.replace("2\n", "+2\n", 1),
    "float count": TWO.replace("2\n", "2.0\n", 1),
    "words behind": TWO + "the end\n",
    "other spaces": TWO.replace(ROW, ROW.replace(" ", "\u00a0")),
    "other digits": TWO.replace("1.5 0.5", "\u0661.5 0.5"),
    "separators": TWO.replace(ROW, ROW.replace(" ", "\x1f")),
    "no text": TWO.encode().replace(b"H 0.1", b"\xff 0.1"),
    "a null": TWO.replace("0.1", "0.1\x00"),
    "vectors": f"1\ncell below\nC 0 0 0\nVEC1 4 0 0\nVEC2 0 4 0\nVEC3 0 0 4\n{TWO}",
    "a hash": TWO.replace("C 1.5", "C 1.5#"),
    "another format": '{"1": {"numbers": {}}}',
}


@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_lines(text: str | bytes, tmp_path: Path) -> None:
    assert_as_ase(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TWO[:-4], "line 7 (frame 1): 10 columns where"),
        (TWO.replace("1.5 0.5", "1.5 half", 1), "line 4 (frame 0): could not convert string to float: 'half'"),
        (TWO + "end", "line 8 (frame 2): must be the number of particles, is 'end'"),
        (TWO + "4\n", "line 8 (frame 2): the file ends here, before the comment line"),
        (TWO + f"4\n{HEADER}\n{ROW}\n", "line 10 (frame 2): the file ends here, with 1 of 4 particles"),
        (TWO.replace("C 1.5", "Qq 1.5", 1), "line 4 (frame 0): there is no element 'Qq'"),
        (TWO.replace("0.6 0.8", "0 0"), "line 4: frame 0, particle 1: 'c_q' must be a finite quaternion"),
        (
            TWO.replace("2.5 1.0\n", "-2 1\n").replace("-2 1\n", "2 1\n", 1),
            "line 7: frame 1, particle 0: 'c_diameter2'",
        ),
        (TWO.replace("c_q", "spin"), "line 2: frame 0 has no array 'quaternion'"),
        (TWO[:-1].replace("-0.25", "nan"), "line 4: frame 0, particle 1: 'positions' must be finite"),
    ],
)
def test_errors_name_file_line_and_frame(text: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    error = assert_as_ase(path)
    assert isinstance(error, ValueError)
    assert str(error).startswith(f"{path}, {message}")


def test_a_count_below_zero_is_refused(tmp_path: Path) -> None:
    """ASE takes it for 0, which hides that the file is broken."""
    path = write(tmp_path, f"{TWO}-1\n{HEADER}\n")
    with pytest.raises(ValueError, match=r"line 8 \(frame 2\): must be the number of particles, is '-1'"):
        read(path)


def test_an_error_in_a_file_left_to_ase(tmp_path: Path, by_ase: Any) -> None:
    path = write(tmp_path, f"1\n{HEADER}\n{ROW}\nVEC1 4 0 0\n{TWO}")
    assert isinstance(assert_as_ase(path), ValueError)
    assert by_ase()


def test_frames_with_other_columns(tmp_path: Path) -> None:
    """Each is read by its own comment line; so are frames whose columns are the same in another order."""
    texts = [
        f"2\n{HEADER}\n{ROW}\n{OTHER}\n",
        f"1\n{LATTICE} Properties=c_diameter1:R:1:c_diameter2:R:1:c_diameter3:R:1:quaternion:R:4:pos:R:3:Z:I:1\n"
        "1 2 3 1 0 1 0 4 5 6 8\n",
        f"0\n{HEADER}\n",
        "1\nProperties=species:S:1:pos:R:3:orientation:R:4:aspherical_shape:R:3\nO 1 2 3 1 0 2 0 3 2 1\n",
        f"1\n{LATTICE} Properties={PROPERTIES}:mass:R:1\n{ROW} 5\n",
    ]
    path = write(tmp_path, "".join(texts * 3))
    assert isinstance(assert_as_ase(path), ParticleBatch)
    assert isinstance(assert_as_ase(write(tmp_path, "".join(texts[::-1]))), ParticleBatch)


def test_what_frames_have_twice_is_told_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{TWO}{TWO}".replace("c_q:R:4", "quaternion:R:4:c_q:R:4")
        .replace("1 0 0 0", "1 0 0 0 0 1 0 0")
        .replace("0.6 0.8 0 0", "0.6 0.8 0 0 1 1 1 1"),
    )
    with pytest.warns(UserWarning, match="frame 0 has rotations in 'quaternion' and 'c_q'") as told:
        batches = list(iread(path, 1))
    assert len(told) == 1
    assert len(batches) == 4
    assert isinstance(assert_as_ase(path), ParticleBatch)


NUMBERS = st.one_of(
    st.floats().map(repr),
    st.floats().map(lambda x: f"{x:.17e}"),
    st.decimals(allow_nan=False, allow_infinity=False, places=25).map(str),
    st.from_regex(r"[-+]?[0-9]{0,25}\.?[0-9]{0,25}([eE][-+]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[-+0-9._eEdDxXnaif]{0,6}", fullmatch=True),
    st.integers().map(str),
)


@given(words=st.lists(NUMBERS, min_size=3, max_size=3), cell=st.lists(NUMBERS, min_size=9, max_size=9))
def test_numbers_have_the_bits_of_ase(words: list[str], cell: list[str], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("numbers")
    header = f'Lattice="{" ".join(cell)}" Properties=species:S:1:pos:R:3:c_q:R:4 pbc="F F F"'
    text = f"1\n{header}\nC {' '.join(words)} 1 2 3 4\n"
    found = assert_as_ase(write(folder, text), **SIZES)
    if isinstance(found, ParticleBatch):
        assert found.positions.tobytes() == np.array([list(map(float, words))]).tobytes()


WORDS = st.text(st.sampled_from("aT1. \"'{}[]\\=,_-"), max_size=12)


@given(before=WORDS, behind=WORDS, more=WORDS)
def test_any_comment_line(before: str, behind: str, more: str, tmp_path_factory: Any) -> None:
    """Twice: what is kept of one line must not be taken for another."""
    folder = tmp_path_factory.mktemp("headers")
    headers = [f"{before}{HEADER}{behind}", HEADER, f"{before} {HEADER} {behind}", f"{more}{LATTICE}{behind} {HEADER}"]
    for header in headers:
        assert_as_ase(
            write(folder, f"1\n{HEADER}\n{ROW}\n1\n{header}\n{OTHER}\n1\n{header.replace('4.1', '9')}\n{ROW}\n")
        )


@given(text=st.text(st.sampled_from("012 .\n\tCHX-"), max_size=40), at=st.integers(0, len(TWO)), cut=st.integers(0, 30))
def test_any_damage(text: str, at: int, cut: int, tmp_path_factory: Any) -> None:
    assert_as_ase(write(tmp_path_factory.mktemp("damage"), TWO[:at] + text + TWO[at + cut :]))
