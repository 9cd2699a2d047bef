"""The one table of tolerances, keyed by dtype, and the one way to compare: relative to a block's largest value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Tolerances:
    """Largest difference that passes, relative to the largest expected value.

    Attributes
    ----------
    reference : float
        Against values stored in ``tests/data``.
    invariance : float
        Same physics, other numbers: a rotated frame, a supercell, another backend.
    same : float
        Same numbers in another order: other chunks, other batches.
    """

    reference: float
    invariance: float
    same: float


TOLERANCES = {
    "float64": Tolerances(reference=1e-10, invariance=1e-11, same=1e-13),
    "float32": Tolerances(reference=1e-4, invariance=1e-5, same=1e-5),
}

# Largest error over 40 pairs of random frames like those of test_float32.py, widths 1.5 and 2.5 Å, on numpy_only and
# torch_full. The bounds, for every backend, are three times that.
FLOAT32_MEASURED = {  # (max_angular, max_radial): (power spectrum, expansion)
    (6, None): (6.2e-7, 1.4e-6),
    (9, 6): (2.1e-5, 1.8e-3),
    (10, 10): (5.9e-5, 4.6e-3),
}
FLOAT32_BOUNDS = {case: (3 * power, 3 * expansion) for case, (power, expansion) in FLOAT32_MEASURED.items()}


def relative_error(actual: Any, expected: Any) -> float:
    """Largest difference divided by the largest absolute expected value."""
    actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    difference = float(np.abs(actual - expected).max(initial=0.0))
    largest = float(np.abs(expected).max(initial=0.0))
    return difference / largest if largest else difference


def assert_close(actual: Any, expected: Any, rtol: float, what: str = "values") -> None:
    """Assert that `actual` is within `rtol` of `expected`, relative to the largest expected value."""
    error = relative_error(actual, expected)
    assert error <= rtol, f"{what}: off by {error:.3g} of the largest value, allowed {rtol:.3g}"


def assert_same_maps(actual: Any, expected: Any, rtol: float) -> None:
    """Assert that two TensorMaps have the same metadata, in the same order, and values and gradients within `rtol`."""
    assert actual.keys == expected.keys
    for key, block in expected.items():
        other = actual.block(key)
        assert other.samples == block.samples, key
        assert other.components == block.components, key
        assert other.properties == block.properties, key
        assert_close(other.values, block.values, rtol, str(key))
        assert sorted(other.gradients_list()) == sorted(block.gradients_list()), key
        for parameter, gradient in block.gradients():
            own = other.gradient(parameter)
            assert own.samples == gradient.samples, (key, parameter)
            assert own.components == gradient.components, (key, parameter)
            assert_close(own.values, gradient.values, rtol, f"{key}, gradients in {parameter}")
