"""The scan of diameters that docs/choosing.md shows, on few crystals."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import choosing


@pytest.mark.slow
def test_diameters_of_the_bodies_beside_larger_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")
    monkeypatch.setattr(choosing, "SCALES", (0.5, 1.5))
    found = choosing.errors(400)
    assert all(bodies < larger for bodies, larger in zip(found[0.5], found[1.5], strict=True))
    choosing.draw(found, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_the_start_is_that_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "choosing.md").read_text(encoding="utf-8")
    example = page[page.index("```python") : page.index("```\n\n|")]
    for name, value in choosing.START.items():
        assert f'{name}="{value}"' in example or f"{name}={value}" in example
    for scale in choosing.SCALES:
        assert f"| {', '.join(f'{scale * one:g}' for one in choosing.DIAMETERS)} |" in page
