"""
From files of OVITO and LAMMPS
==============================

Programs write the same ellipsoids in different ways. LAMMPS writes quaternions that begin with w, and full axes. OVITO
writes quaternions that end with w, and half axes. ``anisoap_opt`` knows both by the names of the columns.
"""

# %%
# Twelve ellipsoids in a box, to have something to write. SciPy's quaternions end with w.

import tempfile
from pathlib import Path

import ase.io
import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.transform import Rotation

import anisoap_opt

rng = np.random.default_rng(7)
box = np.array([12.0, 9.0, 6.0])  # Å
sites = np.stack(np.meshgrid([2, 5, 8, 11], [1.5, 4.5, 7.5], [3.0], indexing="ij"), axis=-1).reshape(-1, 3)
positions = sites + rng.uniform(-0.4, 0.4, sites.shape)
quaternions = Rotation.random(12, rng=rng).as_quat()  # (x, y, z, w)
semiaxes = np.tile([1.6, 1.0, 0.5], (12, 1))  # Å
types = np.arange(12) % 2 + 1

# %%
# A dump of LAMMPS. In its input, ``compute q all property/atom quatw quati quatj quatk`` and
# ``compute shape all property/atom shapex shapey shapez`` make the columns.

lines = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", "12", "ITEM: BOX BOUNDS pp pp pp"]
lines += [f"0.0 {length}" for length in box]
lines += ["ITEM: ATOMS id type x y z c_q[1] c_q[2] c_q[3] c_q[4] c_shape[1] c_shape[2] c_shape[3]"]
for k in range(12):
    x, y, z, w = quaternions[k]
    numbers = [*positions[k], w, x, y, z, *(2 * semiaxes[k])]
    lines.append(f"{k + 1} {types[k]} " + " ".join(f"{number:.8f}" for number in numbers))
dump = "\n".join(lines) + "\n"
print("\n".join(lines[:11]))

# %%
# The same in extended XYZ, as OVITO exports it with the columns Position, Particle Type, Orientation and Aspherical
# Shape.

lines = ["12", f'Lattice="{box[0]} 0 0 0 {box[1]} 0 0 0 {box[2]}" pbc="T T T" ']
lines[1] += "Properties=species:S:1:pos:R:3:orientation:R:4:aspherical_shape:R:3"
for k in range(12):
    numbers = [*positions[k], *quaternions[k], *semiaxes[k]]
    lines.append(f"{'CH'[types[k] - 1]} " + " ".join(f"{number:.8f}" for number in numbers))
exported = "\n".join(lines) + "\n"
print("\n".join(lines[:4]))

# %%
# Reading takes a line each. A dump has types 1 and 2; ``specorder`` says which elements they stand for.

with tempfile.TemporaryDirectory() as folder:
    Path(folder, "dump.lammpstrj").write_text(dump, encoding="utf-8")
    Path(folder, "ovito.xyz").write_text(exported, encoding="utf-8")
    from_lammps = ase.io.read(Path(folder, "dump.lammpstrj"), ":", specorder=["C", "H"])
    from_ovito = ase.io.read(Path(folder, "ovito.xyz"), ":")

hypers = {"max_angular": 4, "radial_basis_name": "gto", "cutoff_radius": 6.0, "radial_gaussian_width": 1.5}
calculator = anisoap_opt.EllipsoidalDensityProjection(**hypers, backend="numpy_only")  # compiles nothing
lammps = calculator.power_spectrum(from_lammps)[0]
ovito = calculator.power_spectrum(from_ovito)[0]
print(
    f"{len(lammps)} features; they differ by {np.abs(lammps - ovito).max() / np.abs(lammps).max():.0e} of the largest"
)

# %%
# What if the order of the quaternions is wrong? No program can tell: four numbers are a rotation in any order. Features
# are then those of other orientations. Look at your particles before you trust them.

wrong = anisoap_opt.EllipsoidalDensityProjection(
    **hypers, rotation_key="c_q", quaternion_order="xyzw", backend="numpy_only"
)
misread = wrong.power_spectrum(from_lammps)[0]

largest = np.argsort(-np.abs(lammps))[:15]
figure, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
ax.bar(np.arange(15), lammps[largest], color="#b9d6ea", label="LAMMPS")
ax.plot(np.arange(15), ovito[largest], "o", color="#0072b2", markersize=8, label="OVITO")
ax.plot(np.arange(15), misread[largest], "X", color="#d55e00", markersize=9, label="LAMMPS, quaternions misread")
ax.set_xlabel("the 15 largest features")
ax.set_ylabel("value")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# A look at the particles.

anisoap_opt.view(from_ovito)
