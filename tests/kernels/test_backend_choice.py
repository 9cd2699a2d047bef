"""Which backend is used: the argument, else the environment, else the fastest one installed; never another."""

from __future__ import annotations

from typing import Any

import pytest

from anisoap_opt import BACKENDS, kernels
from tests.frames_for_tests import calculator, random_frame


def test_argument(backend: str) -> None:
    assert calculator(backend=backend).backend == backend
    assert kernels.load(backend).__module__.startswith(f"anisoap_opt.kernels.{BACKENDS[backend].module}")


def test_default_is_the_last_one_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [name for name in kernels.DEFAULTS if BACKENDS[name].installed]
    assert calculator(backend=None).backend == installed[-1]
    monkeypatch.setattr(kernels, "find_spec", lambda name: None)
    assert calculator(backend=None).backend == "numpy_only"


def test_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANISOAP_BACKEND", "reference")
    assert calculator(backend=None).backend == "reference"
    assert calculator(backend="numpy_only").backend == "numpy_only"  # the argument wins


def test_empty_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = calculator(backend=None).backend
    monkeypatch.setenv("ANISOAP_BACKEND", "")
    assert calculator(backend=None).backend == expected


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    projection = calculator(backend=None)
    chosen = projection.backend
    monkeypatch.setenv("ANISOAP_BACKEND", "nonsense")
    projection.power_spectrum([random_frame(1)])
    assert projection.backend == chosen


def test_bad_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANISOAP_BACKEND", "fortran")
    with pytest.raises(
        ValueError, match="environment variable ANISOAP_BACKEND must be one of .*'numpy_only'.*'fortran'"
    ):
        calculator(backend=None)


@pytest.mark.parametrize("name", ["numpy", "NUMPY_ONLY", "", 3, ["numpy_only"], b"numpy_only"], ids=repr)
def test_unknown_backend(name: Any) -> None:
    with pytest.raises(ValueError, match="backend must be one of 'reference', 'numpy_only'"):
        calculator(backend=name)


@pytest.mark.parametrize("name", [name for name, entry in BACKENDS.items() if entry.needs])
def test_a_backend_that_is_not_installed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = BACKENDS[name]
    monkeypatch.setattr(kernels, "find_spec", lambda module: None)
    message = rf"'{name}' needs {entry.needs}, .*pip install 'anisoap_opt\[{entry.extra}\]'"
    with pytest.raises(ModuleNotFoundError, match=message):
        calculator(backend=name)
    monkeypatch.setenv("ANISOAP_BACKEND", name)
    with pytest.raises(ModuleNotFoundError, match=message):
        calculator(backend=None)


def test_backends_for_tensors_on_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for there, of_cuda in ((True, "warp"), (False, "torch_full")):
        monkeypatch.setattr(kernels, "find_spec", lambda name, there=there: name != "warp" or there or None)
        assert [kernels.fastest(kind) for kind in ("cuda", "mps")] == [of_cuda, "torch_full"]
    assert kernels.device_search("numba", "cpu") is None
