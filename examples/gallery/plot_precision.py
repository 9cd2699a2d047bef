"""
float32 or float64
==================

A calculator computes in float64 unless it is told ``dtype="float32"``. What does the smaller one cost in accuracy, and
what does it gain in time?
"""

# %%
# Fifty crystals of flat ellipsoids. ``DATA`` is the folder ``data`` of a checkout. The backend ``numpy_only`` compiles
# nothing, so that this page is built quickly.

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import anisoap_opt

DATA = Path(anisoap_opt.__file__).parents[1] / "data"
frames = anisoap_opt.read(DATA / "ellipsoids.xyz", ":50")


def describe(max_angular, max_radial, dtype):
    """Features, [frames, features], and milliseconds of the processor for a frame: the best of 25 times."""
    calculator = anisoap_opt.EllipsoidalDensityProjection(
        max_angular, "gto", 7.0, radial_gaussian_width=1.5, max_radial=max_radial, dtype=dtype, backend="numpy_only"
    )
    seconds = []
    for _ in range(25):
        start = time.process_time()
        features = calculator.power_spectrum(frames)
        seconds.append(time.process_time() - start)
    return features, 1e3 * min(seconds) / len(frames)


# %%
# Both precisions, for bases of several sizes. The error is the largest deviation of a feature, divided by the largest
# feature. With ``max_radial=None`` there are fewer radial functions for a larger l; with ``max_radial=6`` there are
# seven for every l. These are made of high powers of the distance, which nearly cancel: that loses digits.

sizes = [2, 4, 6, 8, 10]
errors, times = {}, {}
for max_radial in (None, 6):
    for max_angular in sizes:
        exact, slow = describe(max_angular, max_radial, "float64")
        single, fast = describe(max_angular, max_radial, "float32")
        errors[max_radial, max_angular] = np.abs(single - exact).max() / np.abs(exact).max()
        times[max_radial, max_angular] = slow, fast
        print(
            f"max_angular {max_angular:2}, max_radial {max_radial!s:4}: error {errors[max_radial, max_angular]:.0e}, "
            f"{slow:5.2f} ms in float64, {fast:5.2f} ms in float32"
        )

# %%
# The errors on the left, the times on the right.

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 4.2), layout="constrained")
for max_radial, color in ((None, "#0072b2"), (6, "#e69f00")):
    name = f"max_radial={max_radial}"
    left.semilogy(sizes, [errors[max_radial, one] for one in sizes], "o-", color=color, label=name, linewidth=2.5)
    for which, line, dtype in ((0, "-", "float64"), (1, "--", "float32")):
        values = [times[max_radial, one][which] for one in sizes]
        right.semilogy(sizes, values, line, marker="o", linewidth=2.5, color=color, label=f"{name}, {dtype}")
left.axhline(np.finfo(np.float32).eps, color="#999999", linewidth=0.8)
left.set_ylim(5e-8, 1e-3)
right.set_ylim(0.5 * min(map(min, times.values())), 8 * max(map(max, times.values())))
left.annotate("spacing of float32", (10, np.finfo(np.float32).eps), ha="right", va="top", color="#666666")
left.set_title("error of float32", fontsize=10)
right.set_title("time of a frame, ms", fontsize=10)
for ax in (left, right):
    ax.set_xlabel("max_angular")
    ax.set_xticks(sizes)
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# How much time is gained depends on the basis, the backend and the machine: look at your own. What float32 always does
# is to halve the memory of the features, and errors of models are usually far larger than those on the left. Take
# float64 where features of two programs are compared, and for many radial functions. The documentation of the backends
# has the error of each of them.
