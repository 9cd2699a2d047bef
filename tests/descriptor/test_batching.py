"""How the work is cut into pieces must not show in the result."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from anisoap_opt import kernels, neighbors
from tests.frames_for_tests import TRICLINIC, calculator, mixed_frames, random_frame
from tests.tolerances import TOLERANCES, assert_close, assert_same_maps

SAME = TOLERANCES["float64"].same
TYPES = (1, 6, 8)  # the same columns whatever a frame holds


def frames() -> list[Any]:
    return [*mixed_frames(), *(random_frame(seed, 3, cell=TRICLINIC, pbc=True) for seed in range(6, 9))]


@pytest.mark.slow_with("warp")
def test_one_frame_at_a_time(backend: str) -> None:
    projection = calculator(backend=backend, types=TYPES)
    together = projection.power_spectrum(frames())
    for index, frame in enumerate(frames()):
        assert_close(projection.power_spectrum([frame])[0], together[index], SAME, f"frame {index}")


def test_expansion_of_one_frame_at_a_time(backend: str) -> None:
    projection = calculator(backend=backend, types=TYPES)
    together = projection.transform(frames())
    for index, frame in enumerate(frames()):
        for key, block in projection.transform([frame]).items():
            other = together.block(key)
            rows = [other.samples.position([index, int(center)]) for center in block.samples["center"]]
            assert_close(other.values[rows], block.values, SAME, f"frame {index}, {key}")


def chunk_constants(backend: str) -> list[tuple[Any, str]]:
    """Every CHUNK constant of the search and of the modules of one backend."""
    kernels.load(backend)
    prefix = f"anisoap_opt.kernels.{kernels.BACKENDS[backend].module}"
    modules = [neighbors, sys.modules["anisoap_opt.kernels.numpy_only"]]
    modules += [module for name, module in sys.modules.items() if (name + ".").startswith(prefix + ".")]
    names = ((module, name) for module in modules for name in vars(module))
    return [(module, name) for module, name in names if name.isupper() and "CHUNK" in name]


@pytest.mark.parametrize("size", [1, 3000])
def test_size_of_the_chunks(fast_backend: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.load("numpy_only")
    projection = calculator(backend=fast_backend)
    expected = projection.transform(frames(), return_pef=True)
    mean = projection.power_spectrum(frames())
    for module, name in chunk_constants(fast_backend):
        monkeypatch.setattr(module, name, size)
    actual = projection.transform(frames(), return_pef=True)
    assert_same_maps(actual[0], expected[0], SAME)
    assert_same_maps(actual[1], expected[1], SAME)
    assert_close(projection.power_spectrum(frames()), mean, SAME)


def test_there_are_chunks_to_shrink() -> None:
    assert len(chunk_constants("numpy_only")) >= 3


def test_a_repeated_call_gives_the_same_bits(backend: str) -> None:
    projection = calculator(backend=backend)
    assert (projection.power_spectrum(frames()) == projection.power_spectrum(frames())).all()


def test_repeated_frames_have_equal_rows(backend: str) -> None:
    frame = random_frame(1, 4, cell=TRICLINIC, pbc=True)
    rows = calculator(backend=backend).power_spectrum([frame] * 30)
    assert_close(rows, rows[:1].repeat(30, axis=0), SAME)


def test_backends_agree(backend: str) -> None:
    actual = calculator(backend=backend, max_radial=2).transform(frames(), return_pef=True)
    expected = calculator(backend="reference", max_radial=2).transform(frames(), return_pef=True)
    for a, b in zip(actual, expected, strict=True):
        assert_same_maps(a, b, TOLERANCES["float64"].invariance)
