"""The drawing of the documentation's front page: a crystal of ellipsoids, one centre, its density, its power spectrum.

    python examples/front_page.py --out docs/figures/front.png

The examples of the gallery draw their ellipsoids and densities with the functions of this file.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle
from scipy.spatial.transform import Rotation

from anisoap_opt import EllipsoidalDensityProjection, ParticleBatch
from anisoap_opt.basis.monomials import exponents
from anisoap_opt.basis.solid_harmonics import solid_harmonics

LIGHT = np.array([-0.4, 0.5, 0.77])  # where it comes from, a unit vector
CARD, INK, ORANGE, BLUES = "#141a2a", "#e8ecf4", "#e69f00", ("#56b4e9", "#2f7fb5")
CUTOFF, WINDOW = 6.0, 6.6  # Å
MAX_ANGULAR = 6


def draw_ellipsoids(ax: Any, batch: ParticleBatch, colors: Any, *, margin: float = 0.4, pixels: int = 500) -> None:
    """Draw the particles of one frame as they look from above, from large z; units of both axes are Å.

    A pixel at (x, y) shows the highest point (x, y, z) with (p - c)ᵀ A (p - c) = 1, A = R diag(1/a²) Rᵀ, of all
    particles. Its brightness is the cosine between the surface's normal and the light.
    """
    reach = batch.semiaxes.max(initial=0) + margin
    low, high = (edge(batch.positions[:, :2], axis=0) for edge in (np.min, np.max))
    (left, bottom), (right, top) = low - reach, high + reach
    step = max(right - left, top - bottom) / pixels
    x, y = np.meshgrid(np.arange(left, right, step), np.arange(bottom, top, step))
    image, height = np.zeros((*x.shape, 4)), np.full(x.shape, -np.inf)
    for center, rotation, semiaxes, color in zip(batch.positions, batch.rotations, batch.semiaxes, colors, strict=True):
        form = (rotation / semiaxes**2) @ rotation.T  # A
        u, v = x - center[0], y - center[1]
        b = form[0, 2] * u + form[1, 2] * v
        c = form[0, 0] * u**2 + 2 * form[0, 1] * u * v + form[1, 1] * v**2 - 1
        root = b**2 - form[2, 2] * c
        w = (np.sqrt(np.maximum(root, 0)) - b) / form[2, 2]
        seen = (root > 0) & (center[2] + w > height)
        normal = np.stack([u, v, w], axis=-1)[seen] @ form
        cosine = normal @ LIGHT / np.linalg.norm(normal, axis=1)
        brightness = 0.45 + 0.6 * np.maximum(cosine, 0)
        gloss = 0.35 * np.maximum(cosine, 0) ** 24
        image[seen, :3] = np.clip(brightness[:, None] * to_rgb(color) + gloss[:, None], 0, 1)
        image[seen, 3] = 1
        height[seen] = (center[2] + w)[seen]
    ax.imshow(image, origin="lower", extent=(left, right, bottom, top), interpolation="antialiased")
    ax.set_aspect("equal")
    ax.axis("off")


def density(batch: ParticleBatch, points: Any) -> Any:
    """Sum of the normalised Gaussians of all particles of a batch at points [points, 3], Å⁻³."""
    total = np.zeros(len(points))
    for center, rotation, semiaxes in zip(batch.positions, batch.rotations, batch.semiaxes, strict=True):
        body = (points - center) @ rotation / semiaxes
        total += np.exp(-0.5 * (body**2).sum(axis=1)) / ((2 * np.pi) ** 1.5 * semiaxes.prod())
    return total


def expanded_density(calculator: EllipsoidalDensityProjection, batch: ParticleBatch, points: Any) -> Any:
    """Σ c_nlm φ_nl(r) Y_lm(r̂) around the first particle of a batch of one type, at points [points, 3] from it."""
    expansion = calculator.transform(batch, centers=[[0]])
    distances = np.linalg.norm(points, axis=1)
    radial = calculator.radial_basis.get_basis(distances)  # [points, (l, n)]
    ends = np.cumsum([0, *calculator.num_ns])
    total = np.zeros(len(points))
    for key, block in expansion.items():
        l = int(key["angular_channel"])
        monomials = np.prod((points / distances[:, None])[:, None] ** exponents(l), axis=2)
        harmonics = np.sqrt((2 * l + 1) / (4 * np.pi)) * monomials @ solid_harmonics(l).T  # [points, m]
        total += np.einsum("pm,pn,mn->p", harmonics, radial[:, ends[l] : ends[l + 1]], block.values[0])
    return total


def herringbone(repeats: int) -> ParticleBatch:
    """Part of a crystal of ellipsoids that lean left and right in turn, each a little out of place; a centre first."""
    cell = np.diag([4.4, 5.2, 4.0])  # Å, with two particles
    sites = np.array([[0, 0, 0], [0.5, 0.5, 0]])
    steps = np.stack(np.meshgrid(*[np.arange(-repeats, repeats + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    positions = ((sites + steps) @ cell).reshape(-1, 3)
    order = np.argsort(np.linalg.norm(positions, axis=1), kind="stable")
    lean = np.tile(np.radians([35, -35]), len(steps))[order]
    rng = np.random.default_rng(0)
    shifts, turns = rng.normal(scale=0.15, size=(2, len(order), 3))  # Å, radians
    turns[:, 2] += lean
    shifts[0] = 0
    return ParticleBatch.from_arrays(
        positions[order] + shifts,
        np.ones(len(order), int),
        rotations=Rotation.from_rotvec(turns).as_matrix(),
        diameters=np.tile([1.5, 4.6, 1.5], (len(order), 1)),
    )


def part(batch: ParticleBatch, chosen: Any) -> ParticleBatch:
    """Some of the particles of one frame without a cell."""
    return ParticleBatch.from_arrays(
        batch.positions[chosen], batch.types[chosen], rotations=batch.rotations[chosen], semiaxes=batch.semiaxes[chosen]
    )


def draw_spectrum(ax: Any, spectrum: Any, degrees: Any) -> None:
    """Bars of p_l[n, n'], one group for each l, each group divided by its largest value."""
    channels = range(MAX_ANGULAR + 1)
    at = np.arange(len(spectrum)) + 2.0 * degrees  # a gap between the groups
    largest = np.array([np.abs(spectrum[degrees == l]).max() for l in channels])
    ax.bar(at, spectrum / largest[degrees], color=plt.get_cmap("plasma")(0.3 + 0.65 * degrees / MAX_ANGULAR), width=0.8)
    ax.axhline(0, color=INK, linewidth=0.8, zorder=0)
    ax.set_xticks(
        [at[degrees == l].mean() for l in range(MAX_ANGULAR + 1)], [f"l = {l}" for l in range(MAX_ANGULAR + 1)]
    )
    ax.tick_params(colors=INK, length=0, labelsize=11)
    ax.set_yticks([])
    ax.margins(x=0.01)
    ax.spines[:].set_visible(False)


def draw(path: Path) -> None:
    """Crystal, density and what the basis keeps of it, side by side; the power spectrum below."""
    crystal = herringbone(3)
    calculator = EllipsoidalDensityProjection(MAX_ANGULAR, "gto", CUTOFF, radial_gaussian_width=1.5)
    near = part(crystal, np.linalg.norm(crystal.positions, axis=1) < CUTOFF)
    (spectrum,) = calculator.power_spectrum(near, centers=[[0]], symmetric=True)
    degrees = calculator.feature_labels(near, centers=[[0]], symmetric=True)["l_2"]

    figure = plt.figure(figsize=(10, 5.6), layout="constrained", facecolor=CARD)
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    grid = figure.add_gridspec(2, 3, height_ratios=(2.4, 1))
    panels = [figure.add_subplot(grid[0, k]) for k in range(3)]
    layer = part(crystal, (np.abs(crystal.positions) < (WINDOW + 2.3, WINDOW + 2.3, 1)).all(axis=1))
    draw_ellipsoids(panels[0], layer, [ORANGE, *np.where(layer.rotations[1:, 0, 1] < 0, *BLUES)], pixels=1100)
    line = np.linspace(-CUTOFF, CUTOFF, 241)
    points = np.stack(np.meshgrid(line, line, 1e-9), axis=-1).reshape(-1, 3)
    inside = (np.linalg.norm(points, axis=1) < CUTOFF).reshape(241, 241)
    for ax, values in zip(panels[1:], (density(near, points), expanded_density(calculator, near, points)), strict=True):
        shown = np.where(inside, values.reshape(241, 241), np.nan)
        ax.imshow(shown, origin="lower", extent=(-CUTOFF, CUTOFF) * 2, cmap="magma", vmin=0, interpolation="bicubic")
    titles = (
        "a crystal of ellipsoids, one centre",
        "the density around it",
        f"what the basis keeps, l ≤ {MAX_ANGULAR}",
    )
    for ax, title in zip(panels, titles, strict=True):
        ax.add_patch(Circle((0, 0), CUTOFF, fill=False, color=INK, linewidth=1.2, linestyle=(0, (4, 3))))
        ax.set(xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW))
        ax.axis("off")
        ax.set_title(title, color=INK, fontsize=12)
    below = figure.add_subplot(grid[1, :], facecolor=CARD)
    draw_spectrum(below, spectrum, degrees)
    below.set_title(
        "its power spectrum, the bars of each l divided by their largest: it stays when the crystal is turned",
        color=INK,
        fontsize=12,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("front.png"), help="file of the figure (front.png)")
    draw(parser.parse_args().out)


if __name__ == "__main__":
    main()
