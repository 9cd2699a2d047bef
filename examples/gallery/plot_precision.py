"""
float32 or float64
==================

A calculator computes in float64 unless it is told ``dtype="float32"``. What does the smaller one cost in accuracy, and
what does it gain in time?
"""

# %%
# Twenty frames of crystals of ellipsoids. ``DATA`` is the folder ``data`` of a checkout.

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import anisoap_opt

DATA = Path(anisoap_opt.__file__).parents[1] / "data"
frames = anisoap_opt.read(DATA / "benzenes.xyz", index=":20")


def describe(max_angular, max_radial, dtype, backend="numpy_only"):
    """Features, [frames, features], and the seconds that they took: the best of three times."""
    calculator = anisoap_opt.EllipsoidalDensityProjection(
        max_angular, "gto", 7.0, radial_gaussian_width=1.5, max_radial=max_radial, dtype=dtype, backend=backend
    )
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        features = calculator.power_spectrum(frames)
        seconds.append(time.perf_counter() - start)
    return features, min(seconds)


exact, slow = describe(6, None, "float64")
single, fast = describe(6, None, "float32")
error = np.abs(single - exact).max() / np.abs(exact).max()
print(f"error {error:.1e}, {slow / fast:.2f} times as fast")
plt.plot(exact[0], single[0], ".")
plt.show()
