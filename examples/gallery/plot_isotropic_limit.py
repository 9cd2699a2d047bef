"""
From spheres to ellipsoids
==========================

An ellipsoid with three equal axes is a sphere. Then the AniSOAP descriptor is SOAP, the descriptor of spherical
densities, which other codes compute too. Do they agree? And how far does the descriptor go from SOAP when the spheres
are stretched?
"""

# %%
# The same numbers as featomic's
# ------------------------------
# Two clusters of nine particles. We look at the first particle of each.
#
# These pages are built without featomic and dscribe. ``examples/soap_of_peers.py`` ran them once and kept what they
# gave in a file, which is read here. The script asks featomic to use the radial functions of ``anisoap_opt``. So all
# features can be compared, not only what follows from them.

import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.transform import Rotation
from scipy.special import eval_legendre, spherical_in

import anisoap_opt

EXAMPLES = Path(anisoap_opt.__file__).parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
from front_page import draw_ellipsoids

stored = json.loads((EXAMPLES / "gallery" / "soap_of_peers.json").read_text())
print("made with", stored["versions"])
WIDTH, CUTOFF, BASIS_WIDTH, MAX_ANGULAR = 0.5, 6.0, 1.0, 6  # Å; as in that script
environments = [np.array(positions) for positions in stored["positions"]]


def features(positions, max_radial=None, aspect_ratio=1.0, rotations=None, basis_width=BASIS_WIDTH):
    """Power spectrum of the first particle, [features]; the volume of the particles does not depend on the ratio."""
    long = WIDTH * aspect_ratio ** (2 / 3)
    batch = anisoap_opt.ParticleBatch.from_arrays(
        positions,
        np.ones(len(positions), int),
        rotations=np.tile(np.eye(3), (len(positions), 1, 1)) if rotations is None else rotations.as_matrix(),
        semiaxes=np.tile([long / aspect_ratio, long / aspect_ratio, long], (len(positions), 1)),
    )
    calculator = anisoap_opt.EllipsoidalDensityProjection(
        MAX_ANGULAR,
        "gto",
        CUTOFF,
        radial_gaussian_width=basis_width,
        max_radial=max_radial,
        basis_tol=1e-2,
        backend="numpy_only",  # which has nothing to compile: many sizes, a few particles
    )
    return calculator.power_spectrum(batch, centers=[[0]])[0]


# %%
# A semiaxis of the ellipsoid is the width σ of its Gaussian: half of a diameter. One convention differs: featomic
# normalises the integral of the Gaussian's square, we that of the Gaussian itself. The factor is known.

factor = (np.pi * WIDTH**2) ** 1.5 / (2 * np.pi * WIDTH**2) ** 3

for positions, theirs in zip(environments, stored["featomic, our radial functions"], strict=True):
    ours = features(positions)
    expected = factor * np.array(theirs)
    print(f"{len(ours)} features, largest difference {np.abs(ours - expected).max() / np.abs(ours).max():.0e}")

# %%
# The rest is about the error of the spline that featomic puts in place of the radial integrals.
#
# Other radial functions, the same angle
# --------------------------------------
# As a rule codes have different radial functions, and their features cannot be compared one by one. But the *angle*
# between the feature vectors of two environments can: it depends on the densities alone, once there are enough radial
# functions. For spheres its exact value is known (A. P. Bartók, R. Kondor, G. Csányi, Phys. Rev. B 87, 184115, 2013):


def exact_product(first, second):
    """Σ of the products of all features of two environments, up to a factor, for an infinite radial basis."""
    (r, u), (s, v) = (polar(positions) for positions in (first, second))
    decay = np.exp(-np.add.outer(r**2, s**2) / (4 * WIDTH**2))
    total = 0.0
    for l in range(MAX_ANGULAR + 1):
        radial = decay * spherical_in(l, np.outer(r, s) / (2 * WIDTH**2))
        pairs = np.einsum("ij,kl,ik,jl->", radial, radial, eval_legendre(l, u @ u.T), eval_legendre(l, v @ v.T))
        total += (2 * l + 1) * pairs
    return total


def polar(positions):
    """Distances from the origin, and directions."""
    r = np.linalg.norm(positions, axis=1)
    return r, positions / np.maximum(r, 1e-12)[:, None]


def cosine(first, second):
    """Of the angle between two vectors."""
    return first @ second / np.linalg.norm(first) / np.linalg.norm(second)


a, b = environments
exact = exact_product(a, b) / np.sqrt(exact_product(a, a) * exact_product(b, b))
sizes = np.arange(1, 13)
cosines = {name: np.array(values) for name, values in stored["cosines"].items()}
cosines["anisoap_opt"] = np.array([cosine(features(a, n - 1), features(b, n - 1)) for n in sizes[:9]])

figure, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for (name, values), color in zip(cosines.items(), ("#e69f00", "#999999", "#0072b2"), strict=True):
    ax.semilogy(sizes[: len(values)], np.abs(values - exact), "o-", color=color, label=name)
    print(f"{name:12s} {values[-1]:.6f}, exact {exact:.6f}")
ax.set_xlabel("radial functions for each l")
ax.set_ylabel("error of the cosine between two environments")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

# %%
# All three come to the same value. How quickly depends on the radial functions and on the densities: this is no
# contest.
#
# Stretched spheres
# -----------------
# Now all particles become ellipsoids of the same volume, with random orientations. How far is the feature vector from
# that of the spheres? A prolate particle has one long axis, an oblate one a short axis.

# sphinx_gallery_thumbnail_number = 2
rotations = Rotation.random(9, random_state=np.random.default_rng(0))
ratios = np.geomspace(1.001, 5, 40)
sphere = features(a)


def departure(ratio):
    """Distance from the sphere's features, relative to their length."""
    return np.linalg.norm(features(a, None, ratio, rotations) - sphere) / np.linalg.norm(sphere)


figure = plt.figure(figsize=(7.5, 5.6), layout="constrained")
grid = figure.add_gridspec(2, 4, height_ratios=(1, 1.9))
for k, ratio in enumerate((1.0, 1.5, 2.5, 5.0)):
    axes = WIDTH * np.array([ratio ** (-1 / 3), ratio ** (-1 / 3), ratio ** (2 / 3)])
    panel = figure.add_subplot(grid[0, k])
    batch = anisoap_opt.ParticleBatch.from_arrays(
        a, np.ones(9, int), rotations=rotations.as_matrix(), semiaxes=np.tile(axes, (9, 1))
    )
    draw_ellipsoids(panel, batch, ["#e69f00", *["#56b4e9"] * 8])
    panel.set_title(f"{ratio:g} : 1")
ax = figure.add_subplot(grid[1, :])
ax.loglog(ratios - 1, [departure(ratio) for ratio in ratios], color="#0072b2", label="prolate")
ax.loglog(ratios - 1, [departure(1 / ratio) for ratio in ratios], color="#e69f00", linestyle="--", label="oblate")
ax.set_xlabel("aspect ratio − 1")
ax.set_ylabel("distance from the features of spheres")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

slope = np.log(departure(1.02) / departure(1.01)) / np.log(2)
print(f"exponent near the sphere: {slope:.2f}")
print(f"at 1.1 : 1 the distance is {departure(1.1):.3f}, at 3 : 1 it is {departure(3.0):.3f}")

# %%
# Near the sphere the distance is proportional to the stretch: there is no threshold below which a shape is not seen.
