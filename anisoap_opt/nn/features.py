"""From tensors of particles to features, on one page: what `anisoap_opt.nn.AniSOAP` computes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from anisoap_opt import checks
from anisoap_opt.basis.coupling import count_features
from anisoap_opt.hypers import Hypers
from anisoap_opt.nn.expansion import Expander
from anisoap_opt.nn.neighbors import find_pairs, sort_pairs
from anisoap_opt.nn.particles import Particles


@dataclass(frozen=True)
class Features:
    """The power spectra of a layout of types.

    Attributes
    ----------
    expander : Expander
        Its hypers have types.
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`.
    """

    expander: Expander
    symmetric: bool

    @property
    def num_features(self) -> int:
        """Columns."""
        hypers = self.expander.hypers
        num_types = len(hypers.types or ())
        return num_types * count_features([n * num_types for n in hypers.num_ns], symmetric=self.symmetric)

    def of(
        self,
        positions: Any,
        types: Any,
        semiaxes: Any,
        quaternions: Any,
        rotations: Any,
        cells: Any,
        pbc: Any,
        counts: Any,
        pairs: Any,
        width: torch.Tensor | None,
        reduce: str | None,
    ) -> torch.Tensor:
        """The features; `width` is σ, Å, and the others are the arguments of `AniSOAP.forward`."""
        if reduce is not None:
            checks.choice("reduce", reduce, ("mean", "sum"))
        particles = Particles.checked(positions, types, semiaxes, quaternions, rotations, cells, pbc, counts)
        if width is not None and not width > 0:
            raise ValueError(f"radial_gaussian_width must be greater than 0 Å, it is {float(width.detach())}")
        return self.of_particles(particles, pairs, width, reduce)

    def of_particles(
        self, particles: Particles, pairs: Any, width: torch.Tensor | None, reduce: str | None
    ) -> torch.Tensor:
        """As `of`; from here on the host does not wait for a device but for numbers of pairs, and for given pairs."""
        hypers = self.expander.hypers
        layout, self_pairs = hypers.types or (), not hypers.subtract_center_contribution
        if pairs is None:
            found = find_pairs(
                particles, hypers.cutoff_radius, self_pairs=self_pairs, types=layout,
                backend=self.expander.backend_for(particles.positions),
            )  # fmt: skip
        else:
            found = sort_pairs(particles, pairs, hypers.cutoff_radius, self_pairs=self_pairs, types=layout)
        batch = particles.batch
        row, num_rows = np.arange(len(batch.types)), len(batch.types)
        if reduce is not None:
            row, num_rows = batch.frame_of_particle, batch.num_frames
        return self.expander.spectra(
            particles.rotations, particles.semiaxes, found, row, num_rows,
            width=width, mean=reduce == "mean", symmetric=self.symmetric,
        )  # fmt: skip

    def to_text(self) -> str:
        """All that it was made with, for `from_text`."""
        hypers, names = self.expander.hypers, (
            "max_angular", "radial_basis_name", "cutoff_radius", "subtract_center_contribution", "max_radial",
            "radial_gaussian_width", "basis_rcond", "basis_tol", "backend", "types", "cutoff_smoothing",
        )  # fmt: skip
        arguments = {name: getattr(hypers, name) for name in names}
        numbers = [arguments, self.expander.asked, self.symmetric]
        return json.dumps(numbers, default=lambda one: one.tolist())  # NumPy's


@lru_cache(maxsize=64)
def from_text(text: str) -> Features:
    """Inverse of `Features.to_text`."""
    arguments, asked, symmetric = json.loads(text)
    return Features(Expander(Hypers(**arguments), asked), symmetric)
