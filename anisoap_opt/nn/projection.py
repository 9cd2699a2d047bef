"""`EllipsoidalDensityProjection` as AniSOAP's torch version has it: graphs of tensors in, TensorMaps of tensors out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from anisoap_opt import checks
from anisoap_opt.nn import maps
from anisoap_opt.nn.graph import Graph
from anisoap_opt.nn.graph_module import GraphModule
from anisoap_opt.nn.systems import neighbor_list_options

if TYPE_CHECKING:
    from metatensor.torch import Labels, TensorMap


class EllipsoidalDensityProjection(GraphModule):
    """Expansion of a density of ellipsoidal Gaussians and its power spectrum, differentiable, as TensorMaps of tensors.

    A drop-in replacement for the class of AniSOAP's torch version; the page "Switching from AniSOAP" lists what differs
    on purpose. For new code `anisoap_opt.nn.AniSOAP` is the simpler way: it finds the pairs, and returns a tensor.

    Particles and pairs are given to all methods in one of three ways:

    - a *graph*, the arguments of `forward` by name. It is taken as it is, whatever the distances, and the pair of a
      particle with itself at r = 0 has to be among the pairs if it is wanted. With `cutoff_smoothing`, pairs beyond the
      cutoff are left out.
    - ``systems=``, systems of metatomic of one dtype, each with the list of `requested_neighbor_lists` and the data
      ``anisoap::rotations`` or ``anisoap::quaternions``, and ``anisoap::ellipsoid_lengths`` or ``anisoap::c_diameters``
      (full axes). The cutoff is applied, and pairs at r = 0 are added unless `subtract_center_contribution`.
    - ``frames=``, ASE's frames, in which nothing can be differentiated.

    Parameters
    ----------
    max_angular, radial_basis_name, cutoff_radius, subtract_center_contribution, radial_gaussian_width, max_radial
        As for `anisoap_opt.EllipsoidalDensityProjection`.
    rotation_key, rotation_type, basis_rcond, basis_tol, cutoff_smoothing
        As there; the first two are about frames.
    compute_gradients : bool
        Must be False: derivatives are those of ``torch.autograd``.
    species : sequence of int, optional
        Atomic numbers of the particles that there may be; they fix the columns, and `forward` needs them. Without them
        the columns are those of the type pairs that occur.
    dtype : torch.dtype
        Of what is made of frames, float64 or float32; otherwise it is that of the graph's vectors.
    backend : str, optional
        As for `anisoap_opt.nn.AniSOAP`.

    Raises
    ------
    TypeError, ValueError, NotImplementedError, ModuleNotFoundError
        If a parameter is out of range, or the backend's extra is not installed.
    """

    def requested_neighbor_lists(self) -> list[Any]:
        """`NeighborListOptions` of the list that systems of metatomic must have; needs the extra ``metatomic``."""
        return [neighbor_list_options(self.cutoff_radius)]

    @torch.compiler.disable
    def forward(
        self,
        R_ij: torch.Tensor,
        centers: torch.Tensor,
        neighbors: torch.Tensor,
        species: torch.Tensor,
        structures: torch.Tensor | None,
        atom_indices: torch.Tensor | None,
        rotations: torch.Tensor,
        ellipsoid_lengths: torch.Tensor,
        normalize: bool = True,
    ) -> TensorMap:
        """Power spectra of all particles.

        Parameters
        ----------
        R_ij : tensor, shape [pairs, 3]
            From the centre to the neighbour, x_j - x_i plus cell vectors, Å. float64 or float32, which is the dtype of
            everything.
        centers, neighbors : tensor of int, shape [pairs]
            Particle indices i and j; every pair in both directions.
        species : tensor of int, shape [particles]
            Atomic numbers.
        structures : tensor of int, shape [particles], or None
            System of each particle, from 0; None is one system.
        atom_indices : tensor of int, shape [particles], or None
            What each particle is called in its system; None counts all particles.
        rotations : tensor, shape [particles, 3, 3]
            Body → space. Their elements' gradients mean something together only, along rotations.
        ellipsoid_lengths : tensor, shape [particles, 3]
            Semiaxes, Å.
        normalize : bool
            Whether to use the orthonormal radial functions, or the primitive ones.

        Returns
        -------
        TensorMap
            Keys `center_type`, of the types that occur; samples `system, atom`; no components; property `property`,
            all columns in every block: those of the centre types of the constructor's `species` follow each other,
            ascending, each as in `power_spectrum`. Zero in columns of other types, and for a particle without
            neighbours.

        Raises
        ------
        TypeError, ValueError
            If an argument is not usable; the message names it.
        """
        graph = self._checked(
            Graph.checked(R_ij, centers, neighbors, species, structures, atom_indices, rotations, ellipsoid_lengths)
        )
        return maps.feature_map(graph, self._features(graph, normalize), by_type=True)

    power_spectrum_feature_tensor_map = forward  # AniSOAP has both names

    @torch.compiler.disable
    def features_from_torch_state(
        self,
        *,
        positions: torch.Tensor,
        centers: torch.Tensor,
        neighbors: torch.Tensor,
        species: torch.Tensor,
        ellipsoid_lengths: torch.Tensor,
        orientation_quaternions: torch.Tensor | None = None,
        rotations: torch.Tensor | None = None,
        structures: torch.Tensor | None = None,
        atom_indices: torch.Tensor | None = None,
        cell: torch.Tensor | None = None,
        shifts: torch.Tensor | None = None,
    ) -> TensorMap:
        """Power spectra of all particles, from positions.

        Parameters
        ----------
        positions : tensor, shape [particles, 3]
            Å, float64 or float32, which is the dtype of everything.
        centers, neighbors, species, ellipsoid_lengths, rotations, structures, atom_indices
            As for `forward`.
        orientation_quaternions : tensor, shape [particles, 4]
            (w, x, y, z), body → space, of any norm; or else `rotations`.
        cell : tensor, shape [3, 3], optional
            Rows are the cell vectors, Å; used with `shifts` only.
        shifts : tensor, shape [pairs, 3], optional
            How many of them to add to each neighbour's position.

        Returns
        -------
        TensorMap
            Key `_`, which is 0; one block of all particles in their order, otherwise as that of `forward`.

        Raises as `forward` does.
        """
        graph = self._checked(
            Graph.from_positions(
                positions=positions, centers=centers, neighbors=neighbors, species=species,
                ellipsoid_lengths=ellipsoid_lengths, orientation_quaternions=orientation_quaternions,
                rotations=rotations, structures=structures, atom_indices=atom_indices, cell=cell, shifts=shifts,
            )
        )  # fmt: skip
        return maps.feature_map(graph, self._features(graph, True), by_type=False)

    @torch.compiler.disable
    def pairwise_expansion(
        self,
        frames: Any = None,
        *,
        systems: Any = None,
        normalize: bool = True,
        show_progress: bool = False,
        **graph: Any,
    ) -> TensorMap:
        """Expansion coefficients of every single pair.

        Parameters
        ----------
        frames, systems, normalize, **graph
            See the class, and `forward`.
        show_progress : bool
            Ignored.

        Returns
        -------
        TensorMap
            See `anisoap_opt.nn.maps.pair_map`.

        Raises as `forward` does.
        """
        made = self._graph(frames, systems, graph)
        return maps.pair_map(made, self._expand(made, made.one_by_one(), normalize))

    @torch.compiler.disable
    def transform(
        self,
        frames: Any = None,
        *,
        systems: Any = None,
        normalize: bool = True,
        show_progress: bool = False,
        return_pairwise: bool = False,
        return_pef: bool | None = None,
        **graph: Any,
    ) -> TensorMap | tuple[TensorMap, TensorMap]:
        """Expansion coefficients of the density around every particle.

        Parameters
        ----------
        frames, systems, normalize, show_progress, **graph
            As for `pairwise_expansion`.
        return_pairwise, return_pef : bool
            Whether to return the expansion of every single pair too; the second, if it is given, wins.

        Returns
        -------
        TensorMap
            See `anisoap_opt.nn.maps.expansion_map`.
        TensorMap
            If asked for: see `pairwise_expansion`.

        Raises as `forward` does.
        """
        made = self._graph(frames, systems, graph)
        found = made.in_segments(self.species)
        expansion = maps.expansion_map(made, found.blocks, self._expand(made, found, normalize))
        if not (return_pairwise if return_pef is None else return_pef):
            return expansion
        return expansion, maps.pair_map(made, self._expand(made, made.one_by_one(), normalize))

    @torch.compiler.disable
    def power_spectrum(
        self,
        frames: Any = None,
        *,
        systems: Any = None,
        mean_over_samples: bool = True,
        show_progress: bool = False,
        normalize: bool = True,
        **graph: Any,
    ) -> TensorMap | torch.Tensor:
        """Power spectrum of the expansion.

        Parameters
        ----------
        frames, systems, normalize, show_progress, **graph
            As for `pairwise_expansion`.
        mean_over_samples : bool
            Whether to take the mean over the centres of each system, per centre type.

        Returns
        -------
        tensor, shape [systems, features]
            If `mean_over_samples`. The columns of the centre types follow each other, types ascending; a system that
            lacks a centre type has zeros there.
        TensorMap
            Otherwise; see `anisoap_opt.nn.maps.power_spectrum_map`.

        Raises as `forward` does.
        """
        made = self._graph(frames, systems, graph)
        if checks.flag("mean_over_samples", mean_over_samples):
            return self._spectra(made, made.samples[:, 0], made.num_systems, normalize, mean=True)
        found = made.in_segments(self.species)
        return maps.power_spectrum_map(made, found.blocks, self._expand(made, found, normalize))

    def power_spectrum_features(
        self, aggregate_by_system: bool = False, **arguments: Any
    ) -> tuple[torch.Tensor, Labels]:
        """Power spectra as a tensor.

        Parameters
        ----------
        aggregate_by_system, **arguments
            Whether rows are the means of `power_spectrum`, or centres; its other arguments.

        Returns
        -------
        tensor, shape [rows, features]
            The columns of the centre types follow each other; a centre has zeros in those of other types.
        Labels
            Of the rows: `type, center`, ascending, or `system`.

        Raises as `forward` does.
        """
        result: Any = self.power_spectrum(mean_over_samples=aggregate_by_system, **arguments)
        if aggregate_by_system:
            return result, maps.system_labels(len(result), result)
        return maps.dense_features(result, None)

    def power_spectrum_features_from_tensormap(
        self, nu2: TensorMap, *, target_samples: Labels | None = None, aggregate_by_system: bool = False
    ) -> tuple[torch.Tensor, Labels]:
        """A map of `power_spectrum` as a tensor.

        Parameters and results are those of `anisoap_opt.nn.maps.dense_features`, or with `aggregate_by_system` of
        `anisoap_opt.nn.maps.system_means`: means over the centres of each system, per centre type.
        """
        return (maps.system_means if aggregate_by_system else maps.dense_features)(nu2, target_samples)
