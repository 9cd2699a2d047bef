"""What a kernel is: the narrow waist between what is the same for all backends and what only one of them does.

Pairs in segments go in, coefficients per segment come out. The README beside this file says it in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from anisoap_opt.arrays import Bools, Floats, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.cutoff import SmoothCutoff
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.pairs import Neighborhoods, Pairs

Item = TypeVar("Item")
Result = TypeVar("Result")


class KernelOptions(NamedTuple):
    """Precision and place of a calculation.

    Attributes
    ----------
    dtype : {"float64", "float32"}
        Of the moments of each pair and of the coefficients; sums (`numba`: over more than eight pairs) and the basis
        change are float64 wherever the device has it.
    device : str
        "cpu", or what the backend's `check_device` accepts.
    """

    dtype: str = "float64"
    device: str = "cpu"


class Kernel(Protocol):
    """The expansion of pairs; made once a calculation, as ``Kernel(gaussians, basis, options)``.

    Attributes
    ----------
    basis : BasisChange
    segments_per_chunk : int
        How many segments it likes to be given at once. A caller gives no more, so this bounds its working memory.
    """

    basis: BasisChange
    segments_per_chunk: int

    def __init__(self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions) -> None: ...

    def coefficients(self, pairs: Pairs) -> Sequence[Any]:
        """Sums over the pairs of each segment.

        Returns
        -------
        sequence of array, the l-th of shape [segments, 2l+1, n_l]
            In the backend's own array type; zero for an empty segment.
        """


@runtime_checkable
class Coupling(Protocol):
    """A kernel that couples its coefficients itself, while it has them at hand."""

    def sum_power_spectra(self, pairs: Pairs, num_types: int, start: Ints, *, symmetric: bool) -> Any:
        """As the function of this name in `anisoap_opt.power_spectrum`, from pairs: [runs, features]."""


@runtime_checkable
class Threaded(Protocol):
    """A kernel that runs the chunks of a calculation on threads of its own."""

    def map_in_order(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """As Python's `map`: results in order."""


@runtime_checkable
class OnDevice(Protocol):
    """A kernel whose memory is that of a device, and smaller than the host's."""

    def explained(self, pairs: Pairs) -> AbstractContextManager[None]:
        """While these pairs are computed with: the device's error for a full memory → a MemoryError that helps."""


Tangents = tuple[Any, Any, Any]
"""Of r_ij [pairs, 3], C [pairs, 6] and log w [pairs], the last two those of each pair's neighbour."""


@runtime_checkable
class Differentiable(Protocol):
    """A kernel with first derivatives.

    The variables are r_ij, C and log w of every pair, C as the six elements of a symmetric matrix. (K = 1 - s·C goes
    with it; F is a way to compute K and no variable.) An adjoint of C is a symmetric matrix as well: along a tangent
    what depends on the coefficients changes by r̄·ṙ + Σ_ij C̄_ij Ċ_ij + ℓ log ẇ, the middle sum over all nine elements.
    What multiplies w has the adjoint of log w, too: that of the logarithm of a pair's `weight` is ℓ.
    """

    def pull_back(self, pairs: Pairs, adjoints: Sequence[Any]) -> tuple[Any, Any, Any]:
        """From adjoints of the coefficients, [segments, 2l+1, n_l], to those of r_ij, C and log w.

        Returns
        -------
        tuple of array, shapes [pairs, 3], [pairs, 6], [pairs]
        """

    def push_forward(self, pairs: Pairs, tangents: Tangents) -> Sequence[Any]:
        """From tangents of r_ij, C and log w to those of the coefficients, [segments, 2l+1, n_l]."""


class TangentRows(NamedTuple):
    """Which tangents make up each row of explicit gradients.

    Attributes
    ----------
    segment : ndarray of int, shape [rows, neighbour types]
        Segment that the row's coefficients of this neighbour type depend on; -1 for none.
    center : ndarray of int, shape [rows]
        Place of its centre, ascending.
    own : ndarray of bool, shape [rows]
        Whether it is minus the sum of the other rows of its centre, and depends on nothing else; at most one a centre.
    """

    segment: Ints
    center: Ints
    own: Bools


@runtime_checkable
class TangentCoupling(Differentiable, Protocol):
    """A kernel that couples tangents of coefficients itself, while it has them at hand."""

    def push_power_spectra(
        self,
        pairs: Pairs,
        tangents: Tangents,
        rows: TangentRows,
        coefficients: Sequence[Any],
        out: Floats,
        place: Ints | None,
        *,
        symmetric: bool,
    ) -> None:
        """`power_spectrum.push_power_spectrum` of what `push_forward` returns, arranged in rows.

        Parameters
        ----------
        pairs, tangents
            As for `push_forward`; all segments follow each other once for each direction.
        rows : TangentRows
        coefficients : sequence of ndarray, the l-th of shape [centers, 2l+1, n_l · types]
        out : ndarray, shape [rows, directions, features]
            Written, if `place` is None.
        place : ndarray of int, shape [rows], or None
            Rows of `out` that results are added to.
        symmetric : bool
        """


@runtime_checkable
class TwiceDifferentiable(Differentiable, Protocol):
    """A kernel that can differentiate its `pull_back`: in the adjoints it is linear, that is `push_forward`."""

    def pull_back_along(self, pairs: Pairs, adjoints: Sequence[Any], tangents: Tangents) -> tuple[Any, Any, Any]:
        """The derivative of `pull_back` along a tangent, at fixed adjoints of the coefficients."""


@runtime_checkable
class Searches(Protocol):
    """A backend's module with a neighbour search of its own; with `HasDevices`, it takes `options` too."""

    def find_neighborhoods(
        self,
        batch: ParticleBatch,
        cutoff_radius: float,
        *,
        self_pairs: bool,
        types: Sequence[int] | None = None,
        centers: Bools | None = None,
        keep_shifts: bool = False,
    ) -> Neighborhoods:
        """As the function of this name in `anisoap_opt.neighbors`."""


class FrameSums(NamedTuple):
    """Power spectra added up over the centres of each frame.

    Attributes
    ----------
    values : ndarray, shape [frames, features]
        The columns of the centre types follow each other.
    counts : ndarray of int, shape [frames, types]
        Centres of each type that have a neighbour.
    types : ndarray of int, shape [types]
        Of the layout, ascending.
    met : ndarray of bool, shape [types, types]
        Which neighbour types u the columns of centre type t are for; a type without any has no columns.
    num_pairs : int
        Of all centres.
    """

    values: Floats
    counts: Ints
    types: Ints
    met: Bools
    num_pairs: int


@runtime_checkable
class SumsOverFrames(Protocol):
    """A backend's module that goes from particles to sums over frames on a way of its own."""

    def sum_over_frames(
        self,
        batch: ParticleBatch,
        basis: BasisChange,
        precision: float,
        cutoff_radii: Sequence[float],
        options: KernelOptions,
        *,
        self_pairs: bool,
        types: Sequence[int] | None = None,
        centers: Bools | None = None,
        cutoff: SmoothCutoff | None = None,
        symmetric: bool = False,
        show_progress: bool = False,
    ) -> list[FrameSums]:
        """The sums of `anisoap_opt.power_spectrum.reduced_power_spectrum`, for each cutoff.

        Parameters
        ----------
        batch : ParticleBatch
            In units of the radial basis's own length, as `cutoff_radii` and `cutoff`.
        cutoff_radii : sequence of float
            Ascending. Types that meet, and centres with neighbours, are those of each cutoff.
        basis, precision, options
            Of the kernel, `precision` as for `Gaussians.of`.
        self_pairs, types, centers
            Of the search.
        cutoff : SmoothCutoff, optional
            Of the only cutoff: weights of pairs differ from one to the other.
        symmetric, show_progress
            As for `reduced_power_spectrum`.
        """


@runtime_checkable
class MakesGaussians(Protocol):
    """A backend's module with a way of its own to `Gaussians.of`; with `HasDevices`, it takes `options` too."""

    def make_gaussians(self, rotations: Any, semiaxes: Any, precision: float) -> Gaussians:
        """As `Gaussians.of`."""


@runtime_checkable
class HasDevices(Protocol):
    """A backend's module that can compute elsewhere than on the CPU."""

    def devices(self) -> Sequence[str]:
        """Devices that are there, "cpu" first."""

    def check_device(self, device: str, dtype: str) -> None:
        """Raise a ValueError unless it can compute with this dtype on this device here."""


@runtime_checkable
class HasThreads(Protocol):
    """A backend's module that knows how many threads it would use now."""

    def num_threads(self) -> int:
        """Their number."""


def segments_within(num_bytes: int, numbers_per_segment: int) -> int:
    """How many segments fit a budget if each takes this many float64; at least one."""
    return max(1, num_bytes // (8 * numbers_per_segment))
