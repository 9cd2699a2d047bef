"""What is compiled for a GPU compiles, and the common degrees spill no register."""

from __future__ import annotations

import pytest

pytest.importorskip("warp")

from anisoap_opt.kernels.warp.launch import Variant  # noqa: E402
from benchmarks import gpu_static  # noqa: E402

if gpu_static.assembler() is None:
    pytest.skip("ptxas is missing: pip install 'anisoap_opt[gpu-static]'", allow_module_level=True)

SLOW = pytest.mark.slow


@pytest.mark.parametrize("dtype", gpu_static.DTYPES)
@pytest.mark.parametrize("degree", range(7))
def test_moments_up_to_degree_6_do_not_spill(degree: int, dtype: str) -> None:
    ((_, module, threads),) = gpu_static.moments(degree, dtype, Variant.of(degree, dtype))
    (kernel,) = gpu_static.usage(module, threads, arch=90).values()
    assert kernel["spilled"] == 0
    assert 0 < kernel["registers"] <= 255


@pytest.mark.parametrize("arch", [pytest.param(80, marks=SLOW), 90, pytest.param(100, marks=SLOW)])
@pytest.mark.parametrize("dtype", gpu_static.DTYPES)
@pytest.mark.parametrize("degree", [*(pytest.param(degree, marks=SLOW) for degree in range(6)), 6])
def test_the_pull_back_up_to_degree_6_does_not_spill(degree: int, dtype: str, arch: int) -> None:
    _, module, threads = gpu_static.pull_back(degree, dtype)
    (kernel,) = gpu_static.usage(module, threads, arch).values()
    assert kernel["spilled"] == 0
    assert 0 < kernel["registers"] <= 255


def test_a_spill_is_seen() -> None:
    """At degree 8 float64 has 165 sums, and a thread 255 registers of 4 bytes. Halves of the sums spill less."""
    ((_, module, threads),) = gpu_static.moments(8, "float64", Variant())
    (kernel,) = gpu_static.usage(module, threads, arch=90).values()
    halves = gpu_static.moments(8, "float64", Variant.of(8, "float64"))
    spilled = [one["spilled"] for _, *how in halves for one in gpu_static.usage(*how, arch=90).values()]
    assert len(spilled) == 2
    assert 2 * sum(spilled) < kernel["spilled"]


def test_the_other_kernels_do_not_spill() -> None:
    others = [one for one in gpu_static.modules() if not one[0].startswith(("moments", "pull-back"))]
    found = {
        f"{name} {kernel}": numbers for name, *how in others for kernel, numbers in gpu_static.usage(*how, 90).items()
    }
    assert len(found) == 8 + 2 * 5
    assert {name: numbers["spilled"] for name, numbers in found.items() if numbers["spilled"]} == {}
