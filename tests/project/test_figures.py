"""The figures of the documentation are drawn from tables of its pages: these say what the pages say of them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
DRAW = Path(__file__).resolve().parents[2] / "docs" / "figures" / "draw.py"


def test_limits_of_memory_lie_between_equal_builds_and_a_fifth_more() -> None:
    draw = runpy.run_path(str(DRAW))
    rows = draw["table_rows"]("benchmark | peak")
    assert len(rows) == 13
    for _, _, limit, equal, _, more, _ in rows:
        (at_most,) = draw["numbers"](limit)
        assert max(draw["numbers"](equal)) < at_most < min(draw["numbers"](more))
    (axes,) = draw["memory"]().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [row[0] for row in rows][::-1]


def test_the_more_a_process_differs_the_less_is_found() -> None:
    draw = runpy.run_path(str(DRAW))
    one, two, three, _ = (draw["numbers"](row[3])[0] for row in draw["table_rows"]("spread of a process"))
    assert one > two > three
    (axes,) = draw["rates"]().axes
    assert len(axes.containers) == 2  # the recordings
