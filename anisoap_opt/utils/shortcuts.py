"""Short names for the moment functions, and a strict comparison for tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anisoap_opt.moments import (
    compute_moments_diagonal_inefficient_implementation,
    compute_moments_inefficient_implementation,
    compute_moments_single_variable,
)

__all__ = ["assert_close", "moments_diagonal", "moments_ineff", "moments_single"]

moments_single = compute_moments_single_variable
moments_diagonal = compute_moments_diagonal_inefficient_implementation
moments_ineff = compute_moments_inefficient_implementation


def assert_close(a: npt.ArrayLike, b: npt.ArrayLike, rtol: float = 1e-10, atol: float = 5e-16) -> None:
    """Check that two numbers or arrays agree to almost all digits.

    Parameters
    ----------
    a, b : array_like, same shape
        Value and reference.
    rtol, atol : float
        Allowed is a difference of atol + rtol · abs(b), entry by entry.

    Raises
    ------
    AssertionError
        If an entry differs by more, or the shapes differ.
    """
    # the extra axis: NumPy would compare a bare number with every entry of an array
    np.testing.assert_allclose(np.asarray(a)[None], np.asarray(b)[None], rtol=rtol, atol=atol)
