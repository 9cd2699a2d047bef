"""What needs a process of its own: narrow vectors, and machine code that is found again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.kernels import numpy_only  # noqa: E402
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


def test_code_is_compiled_again_when_a_file_that_it_imports_changes(tmp_path: Path) -> None:
    """A copy of the package, in which a constant changes that an entry point's own file only imports."""
    shutil.copytree(ROOT / "anisoap_opt", tmp_path / "anisoap_opt", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import numpy as np\n"
        "from anisoap_opt.gaussians import Gaussians\n"
        "from anisoap_opt.kernels.numba import make_gaussians\n"
        "print(make_gaussians(np.eye(3)[None], np.ones((1, 3)), 1.0).records[0, 6])\n"
    )
    edited = tmp_path / "anisoap_opt" / "gaussians.py"
    assert float(run_code(code, tmp_path)) == pytest.approx(2**-1.5)
    text = edited.read_text(encoding="utf-8")
    edited.write_text(text.replace("root_a = (1 + precision * a)", "root_a = (3 + precision * a)"), encoding="utf-8")
    assert float(run_code(code, tmp_path)) == pytest.approx(4**-0.5 * 2**-0.5 * 2**-0.5)


NO_LOCATOR = "caching.FunctionCache._impl_class._locator_classes = []"
RENAMED = (
    "make = caching.IndexDataCacheFile.__init__\n"
    "def without(self, *a, **k):\n"
    "    make(self, *a, **k)\n"
    "    del self._source_stamp\n"
    "caching.IndexDataCacheFile.__init__ = without"
)


@pytest.mark.parametrize(
    ("obstacle", "reason"), [(NO_LOCATOR, "no folder can be written"), (RENAMED, "has no _source_stamp")]
)
def test_code_that_cannot_be_kept_is_said_once(obstacle: str, reason: str) -> None:
    """No folder can be written, or Numba calls the stamp something else: right results, and one warning."""
    code = (
        "import warnings\n"
        "from numba.core import caching\n"
        f"{obstacle}\n"
        "with warnings.catch_warnings(record=True) as record:\n"
        "    warnings.simplefilter('always')\n"
        "    from anisoap_opt.kernels.numba import kernel\n"
        "print(*[w.message for w in record], sep='\\n')\n"
    )
    printed = run_code(code, ROOT)
    assert printed.count("compiled code cannot be kept on disk, so every process compiles") == 1
    assert reason in printed


def run_code(code: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=folder)
    return done.stdout


THREADS = """
import numba, torch
from anisoap_opt import EllipsoidalDensityProjection
from benchmarks import workloads
torch.set_num_threads(1)
torch.ones(300, 300) @ torch.ones(300, 300)
made = EllipsoidalDensityProjection(**workloads.HYPERS["(6, None)"], backend="numba")
made.power_spectrum(workloads.bulk(200, 1) * 30)
assert torch.get_num_threads() == 1, torch.get_num_threads()
try:
    layer = numba.threading_layer()
except ValueError:
    layer = "none"
"""


def test_the_threads_of_torch_are_left_alone() -> None:
    """Numba's threading layer shares OpenMP with Torch; it is not started."""
    pytest.importorskip("torch")
    assert run_code(THREADS + "print(layer)", ROOT) == "none\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_can_use_torch_and_the_kernel() -> None:
    pytest.importorskip("torch")
    code = THREADS + (
        "import multiprocessing, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "def work(seed):\n"
        "    torch.set_num_threads(2)\n"
        "    return float((torch.ones(300, 300) @ torch.ones(300, 300)).sum() "
        "+ made.power_spectrum(workloads.bulk(200, 1)).sum())\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(len(pool.map(work, range(4))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "4\n"), done.stderr
