"""What stops the backend says what would help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("warp")

import warp  # noqa: E402

from anisoap_opt.kernels.warp import launch  # noqa: E402
from tests.frames_for_tests import calculator, random_frame  # noqa: E402


@pytest.mark.parametrize(("dtype", "fits"), [("float64", False), ("float32", True)])
def test_too_little_shared_memory(monkeypatch: pytest.MonkeyPatch, dtype: str, fits: bool) -> None:
    """At degree 21 a block of 256 threads needs 2 566 numbers."""
    monkeypatch.setattr(launch, "shared_memory", lambda device: 20_000)
    projection = calculator(backend="warp", dtype=dtype, max_angular=9, max_radial=6, basis_rcond=1e-8, basis_tol=1e-3)
    if fits:
        projection.power_spectrum([random_frame(1, 2)])
    else:
        with pytest.raises(ValueError, match="bytes of shared memory for moments of degree 21 in float64, .* 20000"):
            projection.power_spectrum([random_frame(1, 2)])


def test_a_folder_for_compiled_kernels_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        (tmp_path / "file").write_text("")
        (tmp_path / "file" / "folder").mkdir()

    monkeypatch.setattr(warp, "launch", refuse)
    with pytest.raises(OSError, match="set WARP_CACHE_PATH to a folder"):
        calculator(backend="warp").power_spectrum([random_frame(1)])
