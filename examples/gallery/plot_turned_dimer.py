"""
Two ellipsoids, one of which turns
==================================

Energy, force and torque of a pair of ellipsoids, as a model knows them that has only seen energies. The energies are
those of Gay and Berne: the Lennard-Jones potential of ellipsoids, with a depth that depends on how two of them meet.
``data/gay_berne.py`` has the formula.
"""

# %%
# The pair
# --------
# Two prolate ellipsoids, side by side. The second one turns about the line between the centres, like a propeller.

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from ase import Atoms
from scipy.spatial.transform import Rotation

import anisoap_opt
from anisoap_opt.ase import AniSOAPCalculator
from anisoap_opt.nn import AniSOAP

ROOT = Path(anisoap_opt.__file__).parents[1]
sys.path[:0] = [str(ROOT / "data"), str(ROOT / "examples")]
from front_page import draw_ellipsoids
from gay_berne import pair_energies

SEMIAXES = (0.6, 0.6, 1.8)  # Å
WELL_DEPTHS = (5.0, 5.0, 1.0)  # side by side five times as deep as end to end
CUTOFF = 6.0  # Å
DISTANCE = 2.0  # Å, along x

degrees = np.arange(0.0, 181.0, 3.0)
turns = Rotation.from_rotvec(np.outer(np.radians(degrees), [1, 0, 0])).as_matrix()


def gay_berne(r, rotations_i, rotations_j):
    """Energies of pairs at vectors r [pairs, 3], in units of ε₀."""
    return pair_energies(r, rotations_i, rotations_j, SEMIAXES, WELL_DEPTHS, CUTOFF)


def dimers(r, rotations_i, rotations_j):
    """A batch with one frame for each pair."""
    positions = np.stack([np.zeros_like(r), r], axis=1)
    rotations = np.stack([rotations_i, rotations_j], axis=1)
    return anisoap_opt.ParticleBatch.from_arrays(
        positions.reshape(-1, 3),
        np.ones(2 * len(r), int),
        rotations=rotations.reshape(-1, 3, 3),
        semiaxes=np.tile(SEMIAXES, (2 * len(r), 1)),
        counts=np.full(len(r), 2),
    )


along_x = np.tile([DISTANCE, 0.0, 0.0], (len(turns), 1))
still = np.tile(np.eye(3), (len(turns), 1, 1))
turning = dimers(along_x, still, turns)

# %%
# Features along the turn
# -----------------------
# One row of features for each angle: the sum of the power spectra of both particles. For a model that is to give
# forces the cutoff is smooth.

descriptor = AniSOAP(6, "gto", CUTOFF, types=[1], radial_gaussian_width=1.5, cutoff_smoothing=2.0, symmetric=True)
features = descriptor.from_batch(turning, reduce="sum").numpy()  # [angles, features]
print(features.shape)

num_radial = [(6 - l) // 2 + 1 for l in range(7)]
first = np.cumsum([0, *[n * (n + 1) // 2 for n in num_radial[:-1]]])  # the column n = n' = 0 of each l

# sphinx_gallery_thumbnail_number = 1
figure = plt.figure(figsize=(7, 5), layout="constrained")
grid = figure.add_gridspec(2, 5, height_ratios=(1, 1.7))
view = Rotation.from_rotvec([np.radians(-75), 0, 0]).as_matrix() @ Rotation.from_rotvec([0, 0.5, 0]).as_matrix()
for column, k in enumerate(range(0, 61, 15)):
    one = turning[k : k + 1]
    seen = anisoap_opt.ParticleBatch.from_arrays(
        one.positions @ view.T, one.types, rotations=view @ one.rotations, semiaxes=one.semiaxes
    )
    panel = figure.add_subplot(grid[0, column])
    draw_ellipsoids(panel, seen, ["#56b4e9", "#e69f00"])
    panel.set_title(f"{degrees[k]:.0f}°")
ax = figure.add_subplot(grid[1, :])
for l, column in enumerate(first):
    values = features[:, column]
    ax.plot(degrees, values / values[0], color=plt.get_cmap("plasma")(l / 7), label=f"l = {l}")
ax.set_xlabel("angle, degrees")
ax.set_ylabel("feature n = n' = 0, relative to 0°")
ax.set_xticks(range(0, 181, 45))
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# After half a turn everything is as before: an ellipsoid is the same from both ends. Only l = 2, 4 and 6 change. l =
# 0 knows no directions. The odd l see the neighbour alone, since a particle's own density looks the same from both
# ends; and this neighbour turns about the line on which it lies, which is a rotation of all that they see. The even l
# see both particles, and so the angle between them.
#
# A model that has seen energies
# ------------------------------
# 4000 pairs with random orientations and distances, without those that overlap much. The model is a small neural
# network with one hidden layer, 32 neurons wide. It is trained on 3000 energies; it never sees a force or a torque.
# None of the pairs of the turn is among them.

rng = np.random.default_rng(0)
count = 6000
rotations_i, rotations_j = (Rotation.random(count, random_state=rng).as_matrix() for _ in range(2))
directions = rng.normal(size=(count, 3))
directions /= np.linalg.norm(directions, axis=1, keepdims=True)
r = directions * rng.uniform(1.6, 5.5, (count, 1))
energies = gay_berne(r, rotations_i, rotations_j)
chosen = np.flatnonzero(energies < 1.0)[:4000]
inputs = descriptor.from_batch(dimers(r[chosen], rotations_i[chosen], rotations_j[chosen]), reduce="sum")
targets = torch.tensor(energies[chosen])
train, test = slice(3000), slice(3000, None)

torch.manual_seed(0)
hidden = torch.nn.Linear(descriptor.num_features, 32, dtype=torch.float64)
out = torch.nn.Linear(32, 1, dtype=torch.float64)
network = torch.nn.Sequential(hidden, torch.nn.Tanh(), out)
mean, spread = inputs[train].mean(dim=0), inputs[train].std(dim=0)
scaled = (inputs - mean) / spread
optimizer = torch.optim.LBFGS(
    network.parameters(), max_iter=300, history_size=30, tolerance_grad=1e-9, line_search_fn="strong_wolfe"
)


def loss():
    """Mean squared error, and a little to keep the weights small."""
    optimizer.zero_grad()
    error = ((network(scaled[train])[:, 0] - targets[train]) ** 2).mean()
    value = error + 1e-6 * sum((weights**2).sum() for weights in network.parameters())
    value.backward()
    return value


optimizer.step(loss)
with torch.no_grad():
    errors = network(scaled)[:, 0] - targets
    rmse = [errors[part].square().mean().sqrt() for part in (train, test)]
    print(f"RMSE {rmse[0]:.3f} ε₀ in training, {rmse[1]:.3f} ε₀ in testing")
    print(f"standard deviation of the energies {targets.std():.2f} ε₀")
    hidden.weight /= spread  # the network now takes features as they are
    hidden.bias -= hidden.weight @ mean

# %%
# Energy, torque and force
# ------------------------
# The calculator for ASE differentiates the model: forces and torques are exact derivatives of its energy. Dots are
# the potential itself, its derivatives taken by differences.

calculator = AniSOAPCalculator(torch.nn.Sequential(descriptor, network), reduce="sum", diameters=2 * np.array(SEMIAXES))
found = {"energy": [], "torque about x": [], "force along x": []}
for angle in np.radians(degrees):
    frame = Atoms("H2", positions=[[0, 0, 0], [DISTANCE, 0, 0]])
    frame.arrays["quaternion"] = np.array([[1, 0, 0, 0], [np.cos(angle / 2), np.sin(angle / 2), 0, 0]])
    calculator.calculate(frame, ["forces"])
    found["energy"].append(calculator.results["energy"])
    found["torque about x"].append(calculator.results["torques"][1, 0])
    found["force along x"].append(calculator.results["forces"][1, 0])

step = 1e-5
small_turn = Rotation.from_rotvec([step, 0, 0]).as_matrix()
exact = {
    "energy": gay_berne(along_x, still, turns),
    "torque about x": (gay_berne(along_x, still, small_turn.T @ turns) - gay_berne(along_x, still, small_turn @ turns))
    / (2 * step),
    "force along x": (gay_berne(along_x - [step, 0, 0], still, turns) - gay_berne(along_x + [step, 0, 0], still, turns))
    / (2 * step),
}
units = {"energy": "ε₀", "torque about x": "ε₀", "force along x": "ε₀/Å"}

figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.3), layout="constrained")
for ax, (name, values) in zip(panels, found.items(), strict=True):
    ax.plot(degrees, values, color="#0072b2", label="model")
    ax.plot(degrees[::3], exact[name][::3], "o", color="#e69f00", markersize=4, label="Gay–Berne")
    ax.set_title(f"{name}, {units[name]}", fontsize=10)
    ax.set_xlabel("angle, degrees")
    ax.set_xticks(range(0, 181, 45))
    ax.spines[["top", "right"]].set_visible(False)
    rmse = np.sqrt(np.mean((values - exact[name]) ** 2))
    print(f"{name}: RMSE {rmse:.3f} {units[name]}, the values span {np.ptp(exact[name]):.2f}")
panels[0].legend(frameon=False)
plt.show()

# %%
# Derivatives are harder than energies: the error of the torque is some 8 % of the largest torque, that of the force
# some 4 %. A model that is to give good forces should see forces in training: the page "Derivatives" shows how.
