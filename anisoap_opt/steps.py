"""The steps that the methods of a calculator are made of, each in the unit of the radial basis's own length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from anisoap_opt import kernels
from anisoap_opt.arrays import Bools, Floats
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.centers import choose_centers, warn_if_isolated
from anisoap_opt.cutoff import SmoothCutoff
from anisoap_opt.frames import Frames, ParticleBatch
from anisoap_opt.hypers import Hypers
from anisoap_opt.kernels.contract import FrameSums, Kernel
from anisoap_opt.pairs import Neighborhoods
from anisoap_opt.power_spectrum import mean_over_frames
from anisoap_opt.shells import sum_over_shells

if TYPE_CHECKING:
    from anisoap_opt.gradients import Gradients


class Asked(NamedTuple):
    """The particles of a call, and what is looked for around which of them; lengths in the basis's own.

    Attributes
    ----------
    batch : ParticleBatch
    centers : ndarray of bool, shape [particles], or None for all
    cutoff_radius : float
    self_pairs : bool
        Whether the density of the central particle itself counts.
    cutoff : SmoothCutoff or None
    """

    batch: ParticleBatch
    centers: Bools | None
    cutoff_radius: float
    self_pairs: bool
    cutoff: SmoothCutoff | None


class Steps(Hypers):
    """Hyperparameters, and the steps of a calculation with them."""

    def _asked(self, frames: Frames, centers: Any) -> Asked:
        length = self.radial_basis.length
        batch = ParticleBatch.read(frames, self.columns).in_units_of(length)
        return Asked(
            batch,
            choose_centers(batch, centers),
            self.cutoff_radius / length,
            not self.subtract_center_contribution,
            None if self.cutoff is None else self.cutoff.in_units_of(length),
        )

    def _warn_if_isolated(self, asked: Asked, num_pairs: int) -> None:
        batch, centers, cutoff_radius, self_pairs, _ = asked
        length = self.radial_basis.length
        warn_if_isolated(batch, num_pairs, centers, cutoff_radius, self_pairs=self_pairs, length=length)

    def _neighborhoods(
        self, frames: Frames, centers: Any, keep_shifts: bool = False
    ) -> tuple[ParticleBatch, Neighborhoods]:
        """The particles, and their neighbours."""
        asked = self._asked(frames, centers)
        batch, chosen, cutoff_radius, self_pairs, cutoff = asked
        neighborhoods = kernels.load_search(self.backend, self.options)(
            batch, cutoff_radius, self_pairs=self_pairs, types=self.types, centers=chosen, keep_shifts=keep_shifts
        )
        self._warn_if_isolated(asked, int(neighborhoods.pairs.start[-1]))
        return batch, neighborhoods if cutoff is None else cutoff.smooth(neighborhoods)

    def _kernel(self, batch: ParticleBatch, basis: BasisChange) -> Kernel:
        make_gaussians = kernels.load_gaussians(self.backend, self.options)
        gaussians = make_gaussians(batch.rotations, batch.semiaxes, self.radial_basis.unit_precision)
        return kernels.load(self.backend)(gaussians, basis, self.options)

    def _sums_over_frames(
        self, asked: Asked, basis: BasisChange, cutoff_radii: Sequence[float], **how: bool
    ) -> list[FrameSums]:
        """Sums over frames for each of some cutoffs, ascending, in the basis's own length.

        By the way that the backend has from particles to them, or by pairs.
        """
        batch, chosen, _, self_pairs, cutoff = asked
        if own_way := kernels.sum_over_frames(self.backend):
            return own_way(
                batch, basis, self.radial_basis.unit_precision, cutoff_radii, self.options, self_pairs=self_pairs,
                types=self.types, centers=chosen, cutoff=cutoff, **how,
            )  # fmt: skip
        neighborhoods = kernels.load_search(self.backend, self.options)(
            batch, cutoff_radii[-1], self_pairs=self_pairs, types=self.types, centers=chosen
        )
        if cutoff is not None:
            neighborhoods = cutoff.smooth(neighborhoods)
        kernel, dtype = self._kernel(batch, basis), self.options.dtype
        return sum_over_shells(kernel, batch, neighborhoods, cutoff_radii, dtype, types=self.types, **how)

    def _reduced(self, frames: Frames, centers: Any, reduce: str, **how: bool) -> Floats:
        """Sums or means over frames."""
        asked = self._asked(frames, centers)
        (found,) = self._sums_over_frames(asked, self._basis, [asked.cutoff_radius], **how)
        self._warn_if_isolated(asked, found.num_pairs)
        if reduce == "mean":
            mean_over_frames(found, self._basis.num_radial, symmetric=how["symmetric"])
        return found.values

    def _gradients(
        self, parameters: tuple[str, ...], kernel: Kernel, batch: ParticleBatch, neighborhoods: Neighborhoods
    ) -> Gradients | None:
        if not parameters:
            return None
        from anisoap_opt.gradients import Gradients  # imported here: few ask for it

        cutoff = None if self.cutoff is None else self.cutoff.in_units_of(self.radial_basis.length)
        return Gradients(parameters, kernel, batch, neighborhoods, self.options.dtype, self.radial_basis, cutoff)
