"""What is compiled for a GPU compiles, and the common degrees spill no register."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("warp")

from anisoap_opt.kernels.warp.launch import Variant  # noqa: E402
from benchmarks import gpu_model, gpu_static  # noqa: E402

if gpu_static.assembler() is None:
    pytest.skip("ptxas is missing: pip install 'anisoap_opt[gpu-static]'", allow_module_level=True)

SLOW = pytest.mark.slow


def rows_of_page(arch: int) -> list[list[str]]:
    """The rows of one architecture's table in docs/gpu.md."""
    page = (Path(__file__).parents[2] / "docs" / "gpu.md").read_text()
    text = page.split(gpu_static.BEGIN)[1].split(gpu_static.END)[0].split(f"sm_{arch},")[1].split("sm_")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("arch", gpu_static.ARCHITECTURES)
def test_the_page_has_every_kernel(arch: int) -> None:
    told = [row[0].split(":")[0] for row in rows_of_page(arch)]
    assert list(dict.fromkeys(told)) == [name for name, _, _ in gpu_static.modules()]


@pytest.mark.parametrize("dtype", gpu_static.DTYPES)
@pytest.mark.parametrize("degree", range(7))
def test_moments_up_to_degree_6_do_not_spill(degree: int, dtype: str) -> None:
    ((_, module, threads),) = gpu_static.moments(degree, dtype, Variant.of(degree, dtype))
    (kernel,) = gpu_static.usage(module, threads, arch=90).values()
    assert kernel["spilled"] == 0
    assert kernel["shared"] >= 0
    if degree in (2, 6):  # what the page says is not stale; without the disassembler, its first columns
        row = gpu_static.row(f"moments {degree} {dtype}", threads, kernel, arch=90)
        kept = {0, 1, 2, 3, 4, 8} if kernel["loops"] is None else set(range(len(row)))
        (told,) = (one for one in rows_of_page(90) if one[0] == row[0])
        assert [told[k] for k in kept] == [row[k] for k in kept]
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


def test_the_loop_over_pairs_is_found() -> None:
    """An outer loop of three instructions, two of them its own, around a loop of two; then one that is no loop."""
    text = """
.L_x_1:
        /*0010*/                   LDG.E.64 R2, desc[UR4][R4.64] ;
.L_x_2:
        /*0020*/                   DFMA R2, R2, R2, R2 ;
        /*0030*/              @!P0 BRA `(.L_x_2) ;
        /*0040*/               @P1 BRA `(.L_x_1) ;
        /*0050*/                   FADD R1, R1, R1 ;
.L_x_3:
        /*0060*/                   BRA `(.L_x_3) ;
"""
    outer, inner = gpu_model.loop_over_pairs(text)
    assert outer == gpu_model.Counts(2, 0, 1)
    assert inner == gpu_model.Counts(2, 1, 0)
    outer, inner = gpu_model.loop_over_pairs("/*0010*/ DFMA R2, R2, R2, R2 ;\n/*0020*/ EXIT ;")  # no loop
    assert (outer, inner) == (gpu_model.Counts(2, 1, 0), gpu_model.Counts(0, 0, 0))


@pytest.mark.parametrize(
    ("registers", "threads", "shared", "expected"),
    [(255, 128, 0, 8), (32, 128, 0, 64), (32, 32, 0, 32), (80, 256, 21536, 24), (32, 256, 100_000, 16)],
)
def test_warps_that_fit(registers: int, threads: int, shared: int, expected: int) -> None:
    """By registers, all of them, blocks, registers again, and shared memory."""
    assert gpu_model.warps(registers, threads, shared, gpu_model.DEVICES[90]) == expected


def test_the_gate_that_decides() -> None:
    """100 threads' instructions: with few in flight they wait, with many the arithmetic decides."""
    outer, none = gpu_model.Counts(100, 90, 2), gpu_model.Counts(0, 0, 0)
    each, rate, gate = gpu_model.pairs_per_second(outer, none, 1, 128, 4, "float64", 90)
    assert (each, gate) == (outer, "waiting")
    assert rate == pytest.approx(132 * 1.98e9 * 128 / (2 * 479 + 100))
    _, rate, gate = gpu_model.pairs_per_second(outer, none, 1, 128, 64, "float64", 90)
    assert gate == "arithmetic"
    assert rate == pytest.approx(132 * 1.98e9 * 64 / 90)
    each, _, _ = gpu_model.pairs_per_second(outer, gpu_model.Counts(10, 5, 0), 32, 64, 64, "float64", 90)
    assert each == gpu_model.Counts(32 * 100 + 64 * 10, 32 * 90 + 64 * 5, 32 * 2)
