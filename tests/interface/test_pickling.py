"""A calculator survives pickling and copying, and works in another process."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from tests.frames_for_tests import calculator, mixed_frames


@pytest.mark.parametrize("basis", [{}, {"radial_basis_name": "monomial", "radial_gaussian_width": None}], ids=str)
def test_round_trip(backend: str, basis: dict[str, object]) -> None:
    projection = calculator(backend=backend, types=[1, 6, 8], **basis)
    expected = projection.power_spectrum(mixed_frames())  # whatever it caches is pickled too
    for other in (pickle.loads(pickle.dumps(projection)), copy.deepcopy(projection)):
        np.testing.assert_array_equal(other.power_spectrum(mixed_frames()), expected)
        assert repr(other) == repr(projection)


def test_in_another_process() -> None:
    projection = calculator()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(projection.power_spectrum, mixed_frames()).result()
    np.testing.assert_array_equal(result, projection.power_spectrum(mixed_frames()))
