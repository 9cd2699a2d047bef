"""
What features see, and what they do not
=======================================

A power spectrum describes how particles lie and how they are turned *relative to each other*. It must not depend on
where the whole system is, how it is turned, or in which order its particles are listed. Here this is tried out. So are
changes that a power spectrum does see, and one that it does not see although you may want it to.
"""

# %%
# Six ellipsoids of two types, at random, not too near to each other. ``examples/front_page.py`` has the function that
# draws them.

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.transform import Rotation

import anisoap_opt

sys.path.insert(0, str(Path(anisoap_opt.__file__).parents[1] / "examples"))
from front_page import draw_ellipsoids

rng = np.random.default_rng(5)
positions = np.array([[0, 0, 0], [2.4, 0.7, 0], [-0.7, 2.6, 0.4], [2.2, 3.4, -0.5], [4.4, 2.2, 0.6], [0.4, 5.2, 0]])
types = np.array([1, 1, 2, 1, 2, 2])
rotations = Rotation.random(6, random_state=rng)
DIAMETERS = np.array([3.0, 1.6, 0.9])  # Å
COLORS = {1: "#e69f00", 2: "#56b4e9"}


def frame(positions=positions, types=types, rotations=rotations, diameters=DIAMETERS):
    """The six ellipsoids, or something else in place of what they are."""
    return anisoap_opt.ParticleBatch.from_arrays(
        positions, types, rotations=rotations.as_matrix(), diameters=np.tile(diameters, (len(types), 1))
    )


# %%
# Features that stay the same
# ---------------------------
# One row of features: the mean of the power spectra of the centres of each type.

calculator = anisoap_opt.EllipsoidalDensityProjection(
    max_angular=6, radial_basis_name="gto", cutoff_radius=7.0, radial_gaussian_width=1.5
)


def features(batch):
    """One row, [features]."""
    return calculator.power_spectrum(batch)[0]


turn = Rotation.from_rotvec([0.6, 0.5, 1.9])
order = rng.permutation(6)
same = {
    "as it is": frame(),
    "turned as a whole": frame(turn.apply(positions), types, turn * rotations),
    "moved by (40, −25, 3) Å": frame(positions + [40.0, -25.0, 3.0]),
    "listed in another order": frame(positions[order], types[order], rotations[order]),
}
before = features(frame())

figure, panels = plt.subplots(2, 4, figsize=(11, 5.4), layout="constrained", height_ratios=(2, 1))
for (name, batch), (above, below) in zip(same.items(), panels.T, strict=True):
    draw_ellipsoids(above, batch, [COLORS[one] for one in batch.types])
    for k, (x, y, _) in enumerate(batch.positions):
        above.text(x, y, str(k), ha="center", va="center", fontsize=9)
    above.set_title(name)
    row = features(batch)
    below.bar(np.arange(80), np.cbrt(row[:80]), color="#7f7f7f", width=1)
    below.set_title(f"largest difference {np.abs(row - before).max() / np.abs(before).max():.0e}", fontsize=10)
    below.set(xticks=[], yticks=[])
    below.spines[:].set_visible(False)
panels[1, 0].set_ylabel("first 80 features,\ncube roots")
panels[1, 0].set_title("")
plt.show()

# %%
# The differences are those of rounding: relative to the largest feature they are some 1e-15. The numbers on the
# particles are their places in the list.
#
# Each *particle* has a power spectrum too, with ``mean_over_samples=False``. Those stay with their particles: another
# order of particles is another order of rows.

one = calculator.power_spectrum(frame(), mean_over_samples=False).block(types_center=1)
other = calculator.power_spectrum(same["listed in another order"], mean_over_samples=False).block(types_center=1)
original = order[other.samples["center"]]  # which particle each row of the second block is
rows = np.searchsorted(one.samples["center"], original)
print(f"rows of the first {one.samples['center']}, of the second {original}")
print(f"largest difference, row by row: {np.abs(other.values - one.values[rows]).max() / np.abs(one.values).max():.0e}")

# %%
# What the features see
# ---------------------
# Anything that changes distances, shapes or relative orientations changes the features. But an ellipsoid is the same
# from both ends: half a turn about one of its axes changes nothing. And **a mirror image has the same features**. A
# mirror is a rotation combined with a turn of all points through the origin; that multiplies every coefficient by
# :math:`(-1)^l`, and a power spectrum is made of products of two coefficients of the *same* l. So it cannot tell left
# from right.

MIRROR = np.diag([1.0, 1.0, -1.0])
half_turn = Rotation.from_rotvec([np.pi, 0, 0])
one_turned = rotations[:]
one_turned[2] = Rotation.from_rotvec([0, 0, np.radians(30)]) * rotations[2]
exchanged = types.copy()
exchanged[[1, 2]] = types[[2, 1]]
changes = {
    "another order": same["listed in another order"],
    "turned as a whole": same["turned as a whole"],
    "moved as a whole": same["moved by (40, −25, 3) Å"],
    "mirror image": frame(positions @ MIRROR, types, Rotation.from_matrix(MIRROR @ rotations.as_matrix() @ MIRROR)),
    "each half a turn about its own axis": frame(rotations=rotations * half_turn),
    "one ellipsoid turned by 30°": frame(rotations=one_turned),
    "types of two particles exchanged": frame(types=exchanged),
    "all positions 2 % further apart": frame(1.02 * positions),
    "all diameters 2 % larger": frame(diameters=1.02 * DIAMETERS),
}
distances = {name: np.linalg.norm(features(batch) - before) / np.linalg.norm(before) for name, batch in changes.items()}
for name, distance in distances.items():
    print(f"{name:36s} {distance:.1e}")

# sphinx_gallery_thumbnail_number = 2
figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
colors = ["#009e73" if distance < 1e-10 else "#d55e00" for distance in distances.values()]
ax.barh(list(distances), list(distances.values()), color=colors)
ax.set_xscale("log")
ax.set_xlim(1e-17, 2)
ax.invert_yaxis()
ax.set_xlabel("distance between the feature vectors, relative to their length")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Green: nothing but rounding. Red: seen. If two particles that are mirror images of each other have different
# energies in your problem, no model on a power spectrum can learn that.
