"""float32: the measured error stays what the table says, and the output is float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_opt import kernels
from tests.frames_for_tests import TRICLINIC, calculator, random_frame
from tests.tolerances import FLOAT32_BOUNDS, relative_error


def calculators(backend: str, max_angular: int, max_radial: Any, width: float) -> list[Any]:
    """The same calculator in float64 and in float32."""
    return [
        calculator(
            backend=backend, dtype=dtype, max_angular=max_angular, max_radial=max_radial, cutoff_radius=7.0,
            radial_gaussian_width=width, basis_rcond=1e-8, basis_tol=1e-3,
        )
        for dtype in ("float64", "float32")
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1.5, 2.5])
@pytest.mark.parametrize("case", FLOAT32_BOUNDS, ids=str)
def test_error(float32_backend: str, case: tuple[int, Any], width: float) -> None:
    frames = [random_frame(1, 2, cell=1.5 * TRICLINIC, pbc=True), random_frame(2, 5, box=6.0)]
    double, single = calculators(float32_backend, *case, width)
    power_bound, expansion_bound = FLOAT32_BOUNDS[case]
    assert relative_error(single.power_spectrum(frames), double.power_spectrum(frames)) <= power_bound
    exact, rounded = double.transform(frames), single.transform(frames)
    for key, block in exact.items():
        error = relative_error(rounded.block(key).values, block.values)
        assert error <= expansion_bound, f"{key}: {error:.3g}"
    assert rounded.keys == exact.keys


@pytest.mark.slow_with("warp")
def test_sums_over_many_pairs_are_float64(float32_backend: str) -> None:
    """545 pairs a segment: as ``kernels/README.md`` promises, the error does not grow with their number.

    Measured 2.8e-7 on numpy_only and 3.2e-7 on torch_full; the bound is three times that.
    """
    frames = [random_frame(seed, 24, types=(1,), cell=8 * np.eye(3), pbc=True) for seed in range(2)]
    double, single = (
        calculator(
            backend=float32_backend, dtype=dtype, max_angular=9, max_radial=6, cutoff_radius=14.0,
            basis_rcond=1e-8, basis_tol=1e-3,
        )
        for dtype in ("float64", "float32")
    )  # fmt: skip
    assert relative_error(single.power_spectrum(frames), double.power_spectrum(frames)) <= 9.6e-7


def test_output_is_float32(float32_backend: str) -> None:
    projection = calculators(float32_backend, 3, None, 1.5)[1]
    frames = [random_frame(1, 3), random_frame(2, 1, types=(8,))]
    assert projection.power_spectrum(frames).dtype == np.float32
    for descriptor in (*projection.transform(frames, return_pef=True), projection.power_spectrum(frames, False)):
        assert {block.values.dtype for block in descriptor.blocks()} == {np.dtype(np.float32)}


def test_output_is_float64_by_default(backend: str) -> None:
    projection = calculator(backend=backend)
    assert projection.power_spectrum([random_frame(1)]).dtype == np.float64
    assert {block.values.dtype for block in projection.transform([random_frame(1)]).blocks()} == {np.dtype(float)}


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32")], ids=repr)
def test_spellings(dtype: Any) -> None:
    assert calculator(dtype=dtype).power_spectrum([random_frame(1)]).dtype == np.float32


def test_torch_dtypes_are_understood(float32_backend: str) -> None:
    torch = pytest.importorskip("torch")
    projection = calculator(backend=float32_backend, dtype=torch.float32)
    assert projection.power_spectrum([random_frame(1)]).dtype == np.float32


@pytest.mark.parametrize("dtype", ["float16", "double precision", "complex128", "int64", np.int32, 3], ids=repr)
def test_unknown_dtypes(backend: str, dtype: Any) -> None:
    with pytest.raises(ValueError, match="dtype"):
        calculator(backend=backend, dtype=dtype)


def test_backends_without_float32_say_so(backend: str) -> None:
    if "float32" not in kernels.BACKENDS[backend].dtypes:
        with pytest.raises(ValueError, match=rf"'{backend}' computes in float64, got dtype='float32'"):
            calculator(backend=backend, dtype="float32")


def test_orthonormalising_afterwards_keeps_float32(float32_backend: str) -> None:
    projection = calculators(float32_backend, 3, None, 1.5)[1]
    raw = projection.transform([random_frame(1)], normalize=False)
    assert projection.radial_basis.orthonormalize_basis(raw).block(0).values.dtype == np.float32
