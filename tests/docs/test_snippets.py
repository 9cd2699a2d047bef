"""Every example of README and of the documentation runs, in the order of its page."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anisoap_opt
from tests.docs import given
from tests.docs.commands import check
from tests.docs.pages import NOT_RUN, ROOT, blocks, commands, pages, text_of

PAGES = [page for page in pages() if blocks(text_of(page))]
NEEDS = {
    "docs/datasets.md": ("zarr",),
    "docs/derivatives.md": ("torch",),
    "docs/models.md": ("sklearn", "pandas"),
    "docs/switching.md": ("torch",),
    "submit/README.md": ("pandas",),
}
MARKED = {
    "anisoap_opt/kernels/README.md": 1,
    "data/README.md": 1,
    "docs/clusters.md": 5,
    "docs/derivatives.md": 1,
    "docs/gpu.md": 1,
    "docs/install.md": 1,
    "docs/study.md": 1,
    "submit/README.md": 2,
}
"""How many blocks of a page are not run. One more is a decision: its reason stands before it, in the page."""


def test_blocks_are_found_in_directives_and_know_why_they_are_not_run() -> None:
    page = (
        ":::{tab-item} x\n```python\na\n```\n:::\n````{note}\n```bash\nb\n```\n````\n```text\nno code\n```\n"
        "<!-- not run: slow -->\n\n```console\n$ c\nsaid\n```\n<!-- not run: far -->\nText.\n```sh\nd\n```\n"
    )
    found = blocks(page)
    assert [(one.language, one.line, one.reason) for one in found] == [
        ("python", 2, ""),
        ("bash", 7, ""),
        ("console", 16, "slow"),
        ("sh", 22, ""),
    ]
    assert commands(found[2]) == ["c"]


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in NEEDS.get(page, ()):
        pytest.importorskip(module)
    given.files(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names = given.names(page)
    for block in blocks(text_of(page)):
        if block.reason:
            continue
        if block.language == "python":
            # Errors name the page, and the line in it.
            exec(compile("\n" * block.line + block.code, page, "exec"), names)
            if isinstance(features := names.get("features"), np.ndarray):
                assert features.size
                assert np.isfinite(features).all()
        else:
            for line in commands(block):
                check(line)
    if page in RESULTS:
        RESULTS[page](names, capsys.readouterr().out)


def test_the_examples_of_docstrings() -> None:
    modules = [path for path in (ROOT / "anisoap_opt").rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")]
    assert modules
    for path in modules:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        result = doctest.testmod(importlib.import_module(name))
        assert result.attempted
        assert not result.failed


def test_every_block_that_is_not_run_says_why() -> None:
    marked = {page: sum(bool(block.reason) for block in blocks(text_of(page))) for page in pages()}
    assert {page: count for page, count in marked.items() if count} == MARKED
    for page in pages():
        assert len(NOT_RUN.findall(text_of(page))) == marked[page], f"{page}: a marker has no block below it"


def numbers_in_comment(page: str, name: str) -> list[float]:
    """What a page says that a name is: the numbers in the comment behind its assignment."""
    (said,) = re.findall(rf"^{name} = .*# (.*)$", text_of(page), re.MULTILINE)
    return [float(one) for one in said.split(", ")]


def coarse_graining(names: dict[str, Any], _: str) -> None:
    for name in ("spread", "extents"):
        assert names[name] == pytest.approx(numbers_in_comment("docs/coarse_graining.md", name), abs=0.005)
    assert names["features"].shape[0] == 200
    assert names["disc"] == pytest.approx([0.5] * 4)
    assert names["worst"] < 1e-5


def datasets(names: dict[str, Any], _: str) -> None:
    assert names["features"].shape == (34, anisoap_opt.open("features").shape[1])
    assert names["good"].sum() == 16
    np.testing.assert_array_equal(np.asarray(anisoap_opt.open("merged")), names["features"][:17])


def models(names: dict[str, Any], printed: str) -> None:
    for name in ("error", "baseline"):
        assert names[name] == pytest.approx(numbers_in_comment("docs/models.md", name)[0], abs=0.0005)
    (name,) = re.findall(r"print\(table.columns\[1\]\)  # (.*)", text_of("docs/models.md"))
    assert printed.splitlines()[0] == name
    assert names["descriptor"].memory.num_rows == 4 * len(names["frames"])
    assert set(names["search"].best_params_) == {f"anisoaptransformer__{name}" for name in names["grid"]}


def sweeps(_: dict[str, Any], printed: str) -> None:
    assert len(re.findall(r"^[4-7]\.0 [46] (?:None|2) \(17, ", printed, re.MULTILINE)) == 32
    assert anisoap_opt.open("sweep/set-003").manifest["hypers"]["max_radial"] == 2


def your_file(names: dict[str, Any], printed: str) -> None:
    assert names["energies"].tolist() == [-0.75]
    (label,) = re.findall(r"print\(labels\[20\]\)  # (.*)", text_of("docs/your_file.md"))
    assert label in printed.splitlines()
    rows = "".join(re.findall(r"^\| (`\w+_[12c].*?) \|", text_of("docs/your_file.md"), re.MULTILINE))
    assert re.findall(r"`(\w+)`", rows) == list(names["labels"].dtype.names)


RESULTS = {
    "docs/coarse_graining.md": coarse_graining,
    "docs/datasets.md": datasets,
    "docs/models.md": models,
    "docs/sweeps.md": sweeps,
    "docs/your_file.md": your_file,
}
"""What the examples of a page must have come to."""
