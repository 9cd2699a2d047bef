"""Rigid ellipsoids that move and turn at constant energy, driven by a linear model on AniSOAP features.

    python examples/rigid_body_nve.py --steps 10000 --dt 10

prints how well the energy is kept: its drift, and how its fluctuation shrinks with the step.

The model is not fitted to anything: its weights are chosen so that the energy is that of soft ellipsoids which repel
each other,

    E = (ε/2) Σ_i ‖P ρ_i‖²,    ‖P ρ_i‖² = Σ_lnm c_lnm² = Σ_ln (-1)^l √(2l+1) p_l[n, n],

where ρ_i is the density of all ellipsoids around particle i, itself among them, and P the projection on the radial and
angular basis. It is linear in the power spectrum p, as any linear model, and grows where ellipsoids overlap.

The integrator is a symplectic splitting: half a kick, a drift of positions and orientations, half a kick. Orientations
drift by rotations about the body's axes x, y, z, y, x in turn, each of which is exact: A. Dullweber, B. Leimkuhler and
R. McLachlan, J. Chem. Phys. 107, 5840 (1997); in quaternions T. F. Miller et al., J. Chem. Phys. 116, 8649 (2002).
"""

from __future__ import annotations

import argparse
import copy
import time
from typing import Any

import numpy as np
import torch
from ase import Atoms, units

from anisoap_opt.ase import AniSOAPCalculator
from anisoap_opt.nn import AniSOAP

SEMIAXES = np.array([1.6, 1.1, 0.7])  # Å
MASS = 78.0  # atomic mass units
INERTIA = MASS / 5 * ((SEMIAXES**2).sum() - SEMIAXES**2)  # amu Å², of a homogeneous ellipsoid about its axes
VOLUME = 40.0  # Å³ a particle
TEMPERATURE = 300 * units.kB  # eV
STRENGTH = 5.0  # ε, eV


def make_model() -> torch.nn.Sequential:
    """The descriptor with its linear model."""
    descriptor = AniSOAP(4, "gto", 5.0, types=[1], radial_gaussian_width=1.5, cutoff_smoothing=2.0)
    linear = torch.nn.Linear(descriptor.num_features, 1, bias=False, dtype=torch.float64)
    num_radial = [(4 - l) // 2 + 1 for l in range(5)]
    squares = [(-1) ** l * np.sqrt(2 * l + 1) * np.eye(n).ravel() for l, n in enumerate(num_radial)]
    linear.weight.data[0] = torch.tensor(STRENGTH / 2 * np.concatenate(squares))
    return torch.nn.Sequential(descriptor, linear)


class RigidBodies:
    """Ellipsoids in a periodic box with momenta [particles, 3] and angular momenta in the body's axes [particles, 3].

    Times are in ASE's unit, in which eV = amu (Å / unit)².
    """

    def __init__(self, num: int, rng: np.random.Generator) -> None:
        side = int(np.ceil(num ** (1 / 3)))
        length = (num * VOLUME) ** (1 / 3)
        sites = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)
        chosen = rng.choice(len(sites), num, replace=False)
        self.frame = Atoms(f"H{num}", positions=sites[chosen] * length / side, cell=[length] * 3, pbc=True)
        self.quaternions = rng.normal(size=(num, 4))
        self.quaternions /= np.linalg.norm(self.quaternions, axis=1, keepdims=True)
        self.calculator = AniSOAPCalculator(make_model(), diameters=2 * SEMIAXES)
        self.draw_momenta(rng)
        self.feel()

    def draw_momenta(self, rng: np.random.Generator) -> None:
        """Of a Maxwell distribution."""
        shape = self.frame.positions.shape
        self.momenta = rng.normal(size=shape) * np.sqrt(MASS * TEMPERATURE)
        self.momenta -= self.momenta.mean(axis=0)
        self.angular = rng.normal(size=shape) * np.sqrt(INERTIA * TEMPERATURE)

    def feel(self) -> None:
        """Forces [particles, 3], eV/Å, and torques in the body's axes [particles, 3], eV."""
        self.frame.arrays["quaternion"] = self.quaternions
        self.calculator.calculate(self.frame, ["forces"])
        results = self.calculator.results
        self.potential, self.forces = results["energy"], results["forces"]
        self.torques = rotate(self.quaternions * [1, -1, -1, -1], results["torques"])

    def kinetic(self) -> tuple[float, float]:
        """Energies of translation and of rotation, eV."""
        return (self.momenta**2).sum() / MASS / 2, (self.angular**2 / INERTIA).sum() / 2

    def step(self, dt: float) -> None:
        """One step of the splitting."""
        self.kick(dt / 2)
        self.frame.positions += dt / MASS * self.momenta
        for axis, part in ((0, 0.5), (1, 0.5), (2, 1.0), (1, 0.5), (0, 0.5)):
            self.turn(axis, part * dt)
        self.feel()
        self.kick(dt / 2)

    def kick(self, dt: float) -> None:
        """Momenta under constant forces and torques."""
        self.momenta = self.momenta + dt * self.forces
        self.angular = self.angular + dt * self.torques

    def turn(self, axis: int, dt: float) -> None:
        """Free rotation about one axis of the body: it turns by φ, and the angular momentum's components by -φ."""
        angle = dt * self.angular[:, axis] / INERTIA[axis]
        turns = np.zeros((len(angle), 4))
        turns[:, 0], turns[:, 1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
        self.quaternions = multiply(self.quaternions, turns)
        self.angular = rotate(turns * [1, -1, -1, -1], self.angular)


def multiply(p: Any, q: Any) -> Any:
    """Products of quaternions (w, x, y, z), [particles, 4]."""
    w = p[:, :1] * q[:, :1] - (p[:, 1:] * q[:, 1:]).sum(axis=1, keepdims=True)
    return np.hstack([w, p[:, :1] * q[:, 1:] + q[:, :1] * p[:, 1:] + np.cross(p[:, 1:], q[:, 1:])])


def rotate(q: Any, vectors: Any) -> Any:
    """Vectors turned by unit quaternions, [particles, 3]."""
    twice = 2 * np.cross(q[:, 1:], vectors)
    return vectors + q[:, :1] * twice + np.cross(q[:, 1:], twice)


def run(bodies: RigidBodies, steps: int, dt: float) -> Any:
    """Total energy, and kinetic energies of translation and of rotation, eV, [steps, 3]; dt in fs."""
    energies = np.empty((steps, 3))
    for k in range(steps):
        bodies.step(dt * units.fs)
        energies[k, 1:] = bodies.kinetic()
        energies[k, 0] = bodies.potential + energies[k, 1:].sum()
    return energies


def report(energies: Any, dt: float, num: int) -> float:
    """Print what a run kept; returns the fluctuation, eV: the standard deviation about a straight line."""
    times = np.arange(len(energies)) * dt
    slope, start = np.polyfit(times, energies[:, 0], 1)
    fluctuation = float(np.std(energies[:, 0] - slope * times - start))
    translation, rotation = energies[:, 1:].mean(axis=0)
    kinetic = translation + rotation
    kelvin = [2 * part / (3 * num * units.kB) for part in (translation, rotation)]
    print(f"{len(energies)} steps of {dt:g} fs: translation at {kelvin[0]:.0f} K, rotation at {kelvin[1]:.0f} K")
    print(f"    drift        {abs(slope) * (times[-1] - times[0]) / kinetic:.1e} of the mean kinetic energy")
    print(f"    fluctuation  {fluctuation / kinetic:.1e} of the mean kinetic energy")
    return fluctuation


def main() -> None:
    """Equilibrate, then run twice from one start: with the step, and as long with half of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000, help="steps at constant energy (10000)")
    parser.add_argument("--dt", type=float, default=10.0, help="their length, fs (10)")
    parser.add_argument("--particles", type=int, default=100, help="how many (100)")
    parser.add_argument("--equilibration", type=int, default=1000, help="steps before, with momenta drawn anew (1000)")
    options = parser.parse_args()
    if options.steps < 3 or options.dt <= 0 or options.particles < 2:
        parser.error("--steps must be at least 3, --dt greater than 0, --particles at least 2")
    rng = np.random.default_rng(0)
    bodies = RigidBodies(options.particles, rng)
    for _ in range(options.equilibration // 50):
        run(bodies, 50, options.dt)
        bodies.draw_momenta(rng)
    print(f"{options.particles} rigid ellipsoids, {len(bodies.calculator.model[1].weight[0])} features")
    halved, began = copy.deepcopy(bodies), time.perf_counter()
    coarse = report(run(bodies, options.steps, options.dt), options.dt, options.particles)
    print(f"    {1e3 * (time.perf_counter() - began) / options.steps:.1f} ms a step")
    fine = report(run(halved, 2 * options.steps, options.dt / 2), options.dt / 2, options.particles)
    print(f"Half the step, {coarse / fine:.2f} times less fluctuation")


if __name__ == "__main__":
    main()
