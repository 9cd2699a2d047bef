"""What is read beside the values: memory that nobody wrote must not reach the arithmetic."""

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.kernels.numba import segments  # noqa: E402
from anisoap_opt.kernels.numba.vectors import LANES  # noqa: E402

SUBNORMAL = np.float64(5e-324)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_padding_of_coefficients_is_zero(monkeypatch, dtype):
    """Subnormal numbers left there made the coupling up to 3.5 times slower, in some processes and not in others."""

    def used_memory(size, dtype):
        return np.full(size, SUBNORMAL).astype(dtype)

    monkeypatch.setattr(segments, "aligned", used_memory)
    work = segments.work_space(2, num_primitive=9, columns=2 * LANES, dtype=dtype)
    assert (work.primitive == SUBNORMAL).all()  # the others are written before they are read
    assert (work.coefficients == 0).all()
