"""Every example of the documentation's page about models runs, in the order in which it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pandas")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    names: dict[str, Any] = {}
    pipeline, columns, search = EXAMPLES
    exec(pipeline, names)
    error, spread = names["predicted"] - names["energies"][150:], names["energies"][150:].std()
    assert np.sqrt((error**2).mean()) < 0.7 * spread
    exec(columns, names)
    (name,) = re.findall(r"print\(table.columns\[1\]\)  # (.*)", columns)
    assert capsys.readouterr().out == f"{name}\n"
    exec(search, names)
    assert names["descriptor"].memory.num_rows == 4 * len(names["frames"])
    assert set(names["search"].best_params_) == {f"anisoaptransformer__{name}" for name in names["grid"]}


def test_the_table_is_of_the_example_that_is_there() -> None:
    example = (ROOT / "examples" / "crystal_energies.py").read_text(encoding="utf-8")
    grid = re.search(r"^GRID.*? = (\{.*?^\})", example, re.MULTILINE | re.DOTALL)
    assert grid
    sets = np.prod([len(values) for values in eval(grid[1]).values()])
    assert f"chooses among {sets} sets" in PAGE
