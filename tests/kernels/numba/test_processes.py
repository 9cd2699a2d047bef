"""What needs a process of its own: narrow vectors, and machine code that is found again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.kernels import numpy_only  # noqa: E402
from anisoap_opt.kernels.numba import jit  # noqa: E402
from anisoap_opt.kernels.numba.search import search  # noqa: E402
from anisoap_opt.kernels.numba.segments import expand_windows  # noqa: E402
from tests.kernels.numba.problems import arguments, basis, pairs  # noqa: E402
from tests.tolerances import relative_error  # noqa: E402

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
import numpy as np
from anisoap_opt.kernels.numba import Kernel
from tests.kernels.numba.problems import arguments, basis, pairs
for dtype in ("float64", "float32"):
    coefficients = Kernel(*arguments(basis(2), dtype)).coefficients(pairs([3, 0, 12, 1]))
    np.savez(f"{sys.argv[1]}/{dtype}.npz", *coefficients)
"""


def run(folder: Path, **environment: str) -> str:
    """Save coefficients from another process; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), **environment},
    )
    return done.stdout


def test_narrow_vectors_and_code_kept_on_disk(tmp_path: Path) -> None:
    """A CPU without AVX: LLVM splits the vectors. The second process compiles nothing."""
    narrow = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_DEBUG_CACHE": "1"}
    assert "data saved" in run(tmp_path, **narrow)
    for dtype, bound in (("float64", 1e-12), ("float32", 1e-6)):
        expected = numpy_only.Kernel(*arguments(basis(2))).coefficients(pairs([3, 0, 12, 1]))
        with np.load(tmp_path / f"{dtype}.npz") as actual:
            for l, c in enumerate(expected):
                assert relative_error(actual[f"arr_{l}"], c) < bound
    again = run(tmp_path, **narrow)
    assert "data loaded" in again
    assert "data saved" not in again
    for file in (tmp_path / "cache").rglob("*.nb*"):  # as a full disk or an interrupted copy leaves them
        file.write_bytes(file.read_bytes()[:100])
    assert "data saved" in run(tmp_path, **narrow)
    assert "data saved" not in run(tmp_path, **narrow)


@pytest.mark.parametrize("function", [expand_windows, search])
def test_code_is_as_old_as_the_whole_folder(function: object) -> None:
    """A part of Numba that is not public: without it a change in another file would not be seen."""
    assert function._cache._cache_file._source_stamp == jit.folder_stamp()
