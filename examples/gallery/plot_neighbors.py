"""
Which neighbour matters
=======================

A feature of a particle depends on all its neighbours within the cutoff, and on some of them more than on others. The
gradient of the feature says how much: by how each neighbour would have to move, and to turn, to change it most.
"""

# %%
# Seven ellipsoids in a plane, so that they can be drawn. The first one is the centre.

import matplotlib.pyplot as plt
import numpy as np
from ase import Atoms
from matplotlib.patches import Ellipse, FancyArrowPatch

import anisoap_opt

positions = np.array([[0, 0], [3.0, 0.4], [1.2, 3.1], [-2.6, 2.2], [-3.4, -1.4], [-0.4, -3.0], [3.6, -3.2]])
degrees = np.array([20, 75, 10, 130, 60, -15, 40])
diameters = (3.0, 1.4, 1.4)  # Å


def make_frame(positions, angles):
    """Ellipsoids in the plane z = 0, turned about z by angles in radians."""
    frame = Atoms(f"C{len(positions)}", positions=np.column_stack([positions, np.zeros(len(positions))]))
    zero = np.zeros(len(angles))
    frame.arrays["quaternion"] = np.column_stack([np.cos(angles / 2), zero, zero, np.sin(angles / 2)])  # (w, x, y, z)
    return frame


frame = make_frame(positions, np.radians(degrees))
calculator = anisoap_opt.EllipsoidalDensityProjection(
    4, "gto", 6.0, radial_gaussian_width=1.2, diameters=diameters, backend="numpy_only"  # compiles nothing
)  # fmt: skip

# %%
# Features of the centre alone, with their gradients. One feature is enough here: the one with n = 0 twice and l = 2. It
# grows with the density that lies along one direction and its opposite.

described = calculator.power_spectrum(
    [frame], mean_over_samples=False, centers=[[0]], compute_gradients=["positions", "orientations"]
)
block = described.block(0)
labels = block.properties
chosen = next(k for k, one in enumerate(labels) if (one["n_1_a"], one["n_1_b"], one["l_2"]) == (0, 0, 2))
value = float(block.values[0, 0, chosen])
by_particle = {}
for name in ("positions", "orientations"):
    gradient = block.gradient(name)
    by_particle[name] = np.zeros((len(frame), 3))
    by_particle[name][gradient.samples.column("atom")] = gradient.values[:, :, 0, chosen]
moves, turns = by_particle["positions"][:, :2], by_particle["orientations"][:, 2]
print(f"feature {value:.4f}")

# %%
# A check by differences: the second particle is moved a little along x, then turned a little about z.


def feature(positions, angles):
    """The same feature of another arrangement."""
    made = calculator.power_spectrum([make_frame(positions, angles)], mean_over_samples=False, centers=[[0]])
    return float(made.block(0).values[0, 0, chosen])


step = 1e-4
one = np.zeros_like(positions, dtype=float)
one[1, 0] = step
angles, turn = np.radians(degrees), step * (np.arange(len(degrees)) == 1)
moved = (feature(positions + one, angles) - feature(positions - one, angles)) / (2 * step)
turned = (feature(positions, angles + turn) - feature(positions, angles - turn)) / (2 * step)
print(f"moved:  {moves[1, 0]:+.8f} by the gradient, {moved:+.8f} by differences")
print(f"turned: {turns[1]:+.8f} by the gradient, {turned:+.8f} by differences")

# %%
# Straight arrows show where each particle would have to move to make the feature larger, round ones how it would have
# to turn. Long arrows belong to particles that matter. In a model whose energy is minus this feature, they are forces
# and torques. The centre moves too: moving all particles together changes nothing, so that all straight arrows add up
# to zero.

figure, (ax, bars) = plt.subplots(1, 2, figsize=(9.5, 5), layout="constrained", width_ratios=[1.7, 1])
strength = np.linalg.norm(moves, axis=1)
colors = plt.get_cmap("YlOrRd")(0.1 + 0.7 * strength / strength.max())
ax.add_patch(plt.Circle((0, 0), 6.0, fill=False, linestyle="--", color="#bbbbbb"))
for k, (place, angle) in enumerate(zip(positions, degrees, strict=True)):
    ax.add_patch(Ellipse(place, *diameters[:2], angle=angle, facecolor=colors[k], edgecolor="#555555", zorder=1))
    ax.annotate(str(k), place, ha="center", va="center", zorder=4, fontsize=11)
    arrow = 2.2 * moves[k] / strength.max()
    if np.linalg.norm(arrow) > 0.25:
        look = {"arrowstyle": "-|>", "mutation_scale": 12, "shrinkA": 0, "shrinkB": 0, "linewidth": 2, "zorder": 3}
        ax.add_patch(FancyArrowPatch(place, place + arrow, color="#0072b2", **look))
    sweep = np.radians(150) * turns[k] / np.abs(turns).max()
    if abs(sweep) > 0.1:
        path = np.radians(angle) + np.linspace(0, sweep, 20)
        curve = place + 1.75 * np.column_stack([np.cos(path), np.sin(path)])
        ax.plot(*curve[:-1].T, color="#009e73", linewidth=1.6, zorder=3)
        ax.annotate("", curve[-1], curve[-3], arrowprops={"arrowstyle": "-|>", "color": "#009e73"}, zorder=3)
ax.set_aspect("equal")
ax.set_xlim(-6.3, 6.3)
ax.set_ylim(-6.3, 6.3)
ax.set_axis_off()
ax.set_title("blue: to move; green: to turn; dashed: the cutoff", fontsize=10)
particles = np.arange(len(frame))
bars.barh(particles - 0.18, strength, 0.36, color="#0072b2", label="to move, 1/Å")
bars.barh(particles + 0.18, np.abs(turns), 0.36, color="#009e73", label="to turn, 1/radian")
bars.set_yticks(particles)
bars.invert_yaxis()
bars.set_ylabel("particle")
bars.set_title("size of the gradient", fontsize=10)
bars.legend(frameon=False)
bars.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The centre's own orientation counts too: with ``subtract_center_contribution=False``, the default, the centre is one
# of its own neighbours. For forces and torques of a model on all features there is a torch module,
# :class:`anisoap_opt.nn.AniSOAP`.
