"""What is imported when, each in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anisoap_opt

SLOW = ["torch", "metatensor", "numba", "pandas", "matplotlib", "sklearn", "ase.io", "ase", "scipy", "tqdm"]
ROOT = Path(__file__).parents[2]


def loaded(code: str) -> set[str]:
    """Modules of a fresh process after `code`."""
    command = [sys.executable, "-W", "error", "-c", f"import sys\n{code}\nprint(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_package_alone() -> None:
    modules = loaded("import anisoap_opt")
    assert "anisoap_opt.projection" in modules
    assert not modules & set(SLOW)
    assert not any(name.startswith("anisoap_opt.folder") for name in modules)


def test_large_data_sets() -> None:
    modules = loaded("import anisoap_opt; anisoap_opt.stream; anisoap_opt.open")
    assert "anisoap_opt.folder.tasks" in modules
    assert not modules & {*SLOW, "zarr"}


def test_power_spectrum_to_an_array() -> None:
    modules = loaded(
        "import warnings, sys\n"
        "from tests.frames_for_tests import random_frame, TRICLINIC, calculator\n"
        "frames = [random_frame(1, 3), random_frame(2, 2, cell=TRICLINIC, pbc=True)]\n"
        "assert calculator(backend='numpy_only').power_spectrum(frames).shape[0] == 2\n"
    )
    assert "anisoap_opt.kernels.numpy_only" in modules
    assert not modules & {"torch", "metatensor", "numba", "pandas", "matplotlib", "ase.io"}


def test_choosing_a_torch_backend_without_using_it_does_not_load_metatensor() -> None:
    assert "metatensor" not in loaded(
        "from anisoap_opt import BACKENDS, EllipsoidalDensityProjection\n"
        "name = 'torch_mixed' if BACKENDS['torch_mixed'].installed else 'numpy_only'\n"
        "EllipsoidalDensityProjection(2, 'gto', 5.0, radial_gaussian_width=1.5, backend=name)\n"
    )


def test_public_names() -> None:
    for name in anisoap_opt.__all__:
        assert getattr(anisoap_opt, name)
