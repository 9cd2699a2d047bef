"""What `anisoap_opt.nn.EllipsoidalDensityProjection` is made with, and its way from inputs to coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from anisoap_opt import checks, projection
from anisoap_opt.arrays import Array, Ints
from anisoap_opt.basis.channels import MaxRadial
from anisoap_opt.basis.coupling import count_features
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.columns import ANY_QUATERNION
from anisoap_opt.nn.expansion import Expander
from anisoap_opt.nn.graph import Graph
from anisoap_opt.nn.neighbors import TensorPairs
from anisoap_opt.nn.particles import DTYPES
from anisoap_opt.nn.systems import graph_of_systems

GRAPH = (
    "R_ij", "centers", "neighbors", "species", "structures", "atom_indices", "rotations", "ellipsoid_lengths",
)  # fmt: skip
"""Names of what a graph consists of."""


class GraphModule(torch.nn.Module):
    """The part of `anisoap_opt.nn.EllipsoidalDensityProjection` that knows no TensorMap; attributes are read-only."""

    def __init__(
        self,
        max_angular: int,
        radial_basis_name: str,
        cutoff_radius: float,
        *,
        compute_gradients: bool = False,
        subtract_center_contribution: bool = False,
        radial_gaussian_width: float | None = None,
        max_radial: MaxRadial = None,
        rotation_key: str = ANY_QUATERNION,
        rotation_type: str = "quaternion",
        basis_rcond: float = 0.0,
        basis_tol: float = 1e-8,
        species: Sequence[int] | None = None,
        dtype: torch.dtype = torch.float64,
        cutoff_smoothing: float | None = None,
        backend: str | None = None,
    ) -> None:
        super().__init__()
        if compute_gradients:
            raise NotImplementedError("compute_gradients must be False: derivatives are those of torch.autograd")
        if dtype not in DTYPES:
            raise TypeError(f"dtype must be torch.float64 or torch.float32, got {dtype!r}")
        self._projection = projection.EllipsoidalDensityProjection(
            max_angular, radial_basis_name, cutoff_radius, max_radial=max_radial, types=species, backend=backend,
            subtract_center_contribution=subtract_center_contribution, radial_gaussian_width=radial_gaussian_width,
            basis_rcond=basis_rcond, basis_tol=basis_tol, rotation_key=rotation_key, rotation_type=rotation_type,
            cutoff_smoothing=cutoff_smoothing,
        )  # fmt: skip
        if species is not None and not self._projection.types:
            raise ValueError("species must name at least one type")
        self._expander = Expander(self._projection, backend)
        self.dtype = dtype

    def extra_repr(self) -> str:
        """What is printed between the parentheses."""
        return f"{self.radial_basis!r}, species={self.species}, backend={self._projection.backend!r}"

    @property
    def max_angular(self) -> int:
        """Largest angular momentum l."""
        return self._projection.max_angular

    @property
    def cutoff_radius(self) -> float:
        """Å."""
        return self._projection.cutoff_radius

    @property
    def subtract_center_contribution(self) -> bool:
        """Whether the density of the central particle itself is left out of systems and frames."""
        return self._projection.subtract_center_contribution

    @property
    def radial_basis_name(self) -> str:
        """Either "gto" or "monomial"."""
        return self._projection.radial_basis_name

    @property
    def radial_basis(self) -> GTORadialBasis | MonomialBasis:
        """The radial functions."""
        return self._projection.radial_basis

    @property
    def rotation_key(self) -> str:
        """Name of the frames' array of rotations."""
        return self._projection.rotation_key

    @property
    def rotation_type(self) -> str:
        """What the frames' rotations are: "quaternion" or "matrix"."""
        return self._projection.rotation_type

    @property
    def num_ns(self) -> list[int]:
        """Number of radial functions n_l for l = 0 … max_angular."""
        return self._projection.num_ns

    @property
    def sph_to_cart(self) -> list[Array]:
        """`anisoap_opt.utils.spherical_to_cartesian` of this size."""
        return self._projection.sph_to_cart

    @property
    def species(self) -> list[int] | None:
        """Types that fix the columns, ascending."""
        types = self._projection.types
        return None if types is None else list(types)

    @property
    def shape(self) -> int | None:
        """Number of columns of `forward`, or None if nothing fixes them."""
        if self.species is None:
            return None
        num_types = len(self.species)
        return num_types * count_features([n * num_types for n in self.num_ns])

    def _graph(self, frames: Any, systems: Any, graph: dict[str, Any]) -> Graph:
        """The one of three inputs that was given."""
        unknown = sorted(set(graph) - set(GRAPH))
        if unknown:
            raise TypeError(f"unknown arguments {', '.join(unknown)}; those of a graph are {', '.join(GRAPH)}")
        if sum((frames is not None, systems is not None, any(one is not None for one in graph.values()))) > 1:
            raise ValueError("give one of frames=, systems= and a graph")
        if frames is not None:
            return Graph.from_frames(self._projection, frames, self.dtype)
        if systems is not None:
            self_pairs = not self.subtract_center_contribution
            return self._checked(graph_of_systems(systems, self.cutoff_radius, self_pairs=self_pairs))
        return self._checked(Graph.checked(**graph))

    def _checked(self, graph: Graph) -> Graph:
        """The graph, whose types there may be; without the pairs to which a smooth cutoff gives no weight."""
        if self.species is not None:
            unknown = np.setdiff1d(graph.types, self.species)
            if len(unknown):
                raise ValueError(f"species holds {unknown.tolist()}, and the module was made for {self.species}")
        return graph if self._projection.cutoff is None else graph.within(self.cutoff_radius)

    def _expand(self, graph: Graph, pairs: TensorPairs, normalize: bool) -> Sequence[torch.Tensor]:
        """Expansion coefficients of all segments, per l [segments, 2l+1, n_l]."""
        checks.flag("normalize", normalize)
        return self._expander.coefficients(graph.rotations, graph.semiaxes, pairs, normalize=normalize)

    def _features(self, graph: Graph, normalize: bool) -> torch.Tensor:
        """Power spectra in the rows of particles, [particles, shape]."""
        if self.species is None:
            raise ValueError("forward needs the constructor's species=, which fix the columns")
        num = len(graph.types)
        return self._spectra(graph, np.arange(num), num, normalize, mean=False)

    def _spectra(self, graph: Graph, row: Ints, num_rows: int, normalize: bool, *, mean: bool) -> torch.Tensor:
        """Power spectra of the centres, added up in rows; see `anisoap_opt.nn.expansion.spectra_in_rows`."""
        checks.flag("normalize", normalize)
        found = graph.in_segments(self.species)
        return self._expander.spectra(
            graph.rotations, graph.semiaxes, found, row, num_rows, normalize=normalize, mean=mean
        )
