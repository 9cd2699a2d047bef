"""The histograms of a report: what stands in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anisoap_opt
from tests.folder.inputs import some_frames
from tests.frames_for_tests import calculator, random_frame

pytest.importorskip("matplotlib")


def draw(frames: object, path: Path | None = None) -> object:
    return anisoap_opt.check(frames, calculator(), measure_time=False).plot(path)


def test_marks(tmp_path: Path) -> None:
    out = tmp_path / "check.png"
    figure = draw(some_frames(20), out)
    assert out.read_bytes().startswith(b"\x89PNG")
    distances, contacts, diameters, quaternions = figure.axes
    assert [line.get_xdata()[0] for line in distances.lines][-1] == 5.0  # the cutoff
    assert contacts.lines[0].get_xdata()[0] == 1.0
    assert [text.get_text() for text in diameters.get_yticklabels()] == ["shortest", "middle", "longest"]
    densities = [patch.get_data().values for patch in quaternions.patches]
    assert len(densities) == 4
    np.testing.assert_allclose([density.mean() * 2 for density in densities], 1.0)


@pytest.mark.parametrize("num", [0, 1])
def test_there_may_be_nothing_to_draw(num: int, tmp_path: Path) -> None:
    draw([random_frame(1, num)], tmp_path / "check.svg")
    assert (tmp_path / "check.svg").stat().st_size
