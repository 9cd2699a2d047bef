"""What single pages promise beside their examples; links from page to page, and to the files of the repository."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import ase.io
import numpy as np
import pytest

from scripts.make_dist import project_of
from tests.docs.given import INPUTS
from tests.docs.pages import ROOT, pages, text_of


def sections(page: str) -> dict[str, str]:
    """The parts of a page below headings of the second level that are one word."""
    return dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text_of(page), re.MULTILINE | re.DOTALL))


def test_every_program_has_a_section_with_examples() -> None:
    found = sections("docs/programs.md")
    assert list(found) == ["OVITO", "LAMMPS", "HOOMD", "ASE", "AniSOAP"]
    assert all("```python\n" in text and "```bash\n" in text for text in found.values())


def test_the_inputs_of_lammps_ask_for_the_order_that_is_understood() -> None:
    assert "quatw quati quatj quatk" in sections("docs/programs.md")["LAMMPS"]
    frame = ase.io.read(INPUTS / "dump.lammpstrj")
    assert {"quaternions", "c_shape[1]", "c_shape[2]", "c_shape[3]"} <= set(frame.arrays)


def test_the_table_of_models_is_of_the_example_that_is_there() -> None:
    example = (ROOT / "examples" / "crystal_energies.py").read_text(encoding="utf-8")
    grid = re.search(r"^GRID.*? = (\{.*?^\})", example, re.MULTILINE | re.DOTALL)
    assert grid
    sets = np.prod([len(values) for values in eval(grid[1]).values()])
    assert f"chooses among {sets} sets" in text_of("docs/models.md")


def test_the_tables_of_readme_are_short() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", text_of("README.md"), re.MULTILINE)
    assert max(table.count("\n") for table in tables) <= 2 + 8


def test_every_extra_has_one_row() -> None:
    rows = re.findall(r"^\| `([\w-]+)` ", text_of("docs/install.md"), re.MULTILINE)
    assert sorted(rows) == sorted(project_of(ROOT)["optional-dependencies"])


def prose(page: str) -> str:
    """A page without its code and formulas."""
    return re.sub(r"^ *(`{3,}|\$\$).*?^ *\1 *$|`[^`\n]*`", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them, and those set by hand."""
    text = path.read_text(encoding="utf-8")
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"^ *(`{3,}).*?^ *\1 *$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    words = (re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", one).lower()) for one in headings)
    return {one.strip().replace(" ", "-") for one in words} | set(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE))


@pytest.mark.parametrize("page", [*pages(), "CHANGELOG.md"])
def test_links_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", prose(page))
    targets += re.findall(r"^```{(?:image|figure)} (\S+)", text_of(page), re.MULTILINE)
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        if path.parent == ROOT / "docs" / "gallery":  # made while the pages are built
            path = ROOT / "examples" / "gallery" / f"{path.name}.py"
        assert path.exists(), f"{page}: there is no {target}"
        if anchor:
            assert anchor in anchors(path), f"{page}: {name or page} has no heading {anchor}"
