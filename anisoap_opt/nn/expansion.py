"""What the modules of this folder share: pairs and particles as tensors → coefficients → power spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

from anisoap_opt import kernels
from anisoap_opt.arrays import Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.channels import check_degree
from anisoap_opt.chunks import to_centers
from anisoap_opt.gaussians import WEIGHT, Gaussians
from anisoap_opt.hypers import Hypers
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.kernels.device_memory import upload
from anisoap_opt.nn.functions import Expansion
from anisoap_opt.nn.neighbors import TensorPairs
from anisoap_opt.nn.spectra import Spectra
from anisoap_opt.nn.sums import Groups, sum_rows
from anisoap_opt.pairs import CenterBlock, Pairs
from anisoap_opt.power_spectrum import power_spectrum

_check_options = cache(kernels.resolve_options)
"""Whether a device computes is asked once: the host waits for the answer."""


@dataclass(frozen=True)
class Expander:
    """Expansion coefficients of tensors, differentiable.

    Attributes
    ----------
    hypers : Hypers
    asked : str or None
        The backend that a caller asked for. Without one, tensors on a CPU go to that of `hypers` and others to the
        fastest one installed for their device.
    """

    hypers: Hypers
    asked: str | None

    def coefficients(
        self,
        rotations: torch.Tensor,
        semiaxes: torch.Tensor,
        pairs: TensorPairs,
        *,
        width: torch.Tensor | None = None,
        normalize: bool = True,
    ) -> Sequence[torch.Tensor]:
        """Expansion coefficients of all segments.

        Parameters
        ----------
        rotations : tensor, shape [particles, 3, 3]
            Body → space.
        semiaxes : tensor, shape [particles, 3]
            Å.
        pairs : TensorPairs
        width : tensor of one number, optional
            σ of the GTOs, Å, if it is not that of `hypers`.
        normalize : bool
            Whether to use the orthonormal radial functions, or the primitive ones.

        Returns
        -------
        sequence of tensor, the l-th of shape [segments, 2l+1, n_l]

        Raises
        ------
        ValueError
            If the backend does not compute on the tensors' device or in their dtype.
        """
        expansion, variables = self._expansion(rotations, semiaxes, pairs, width, normalize)
        values = expansion.coefficients(*variables)
        factor = self._factor(width, pairs.r_ij)
        return values if factor is None else [factor * c for c in values]

    def spectra(
        self,
        rotations: torch.Tensor,
        semiaxes: torch.Tensor,
        pairs: TensorPairs,
        row: Ints,
        num_rows: int,
        *,
        width: torch.Tensor | None = None,
        normalize: bool = True,
        mean: bool = False,
        symmetric: bool = False,
    ) -> torch.Tensor:
        """Power spectra of the centres as `spectra_in_rows` has them; where rows ascend, no coefficients are kept.

        Parameters
        ----------
        rotations, semiaxes, pairs, width, normalize
            As for `coefficients`.
        row, num_rows, mean, symmetric
            As for `spectra_in_rows`.

        Returns
        -------
        tensor, shape [num_rows, features]
        """
        expansion, variables = self._expansion(rotations, semiaxes, pairs, width, normalize)
        if isinstance(expansion, Expansion) and expansion.on_arrays and ascends(row):
            spectra = Spectra(expansion, pairs.blocks, row, num_rows, symmetric)
            values = spectra.of(*variables)
            if mean:
                values = divide_by_centers(values, spectra.widths, pairs.blocks, row)
        else:
            coefficients = expansion.coefficients(*variables)
            values = spectra_in_rows(coefficients, pairs.blocks, row, num_rows, mean=mean, symmetric=symmetric)
        factor = self._factor(width, pairs.r_ij)
        return values if factor is None else factor**2 * values

    def _expansion(
        self,
        rotations: torch.Tensor,
        semiaxes: torch.Tensor,
        pairs: TensorPairs,
        width: torch.Tensor | None,
        normalize: bool,
    ) -> tuple[Expansion | _ByTorch, tuple[Any, ...]]:
        """What computes, and the tensors that it takes, in units of σ: r_ij, C, log w, logarithm of the factor."""
        radial_basis, like = self.hypers.radial_basis, pairs.r_ij
        basis = self.hypers._basis if normalize else BasisChange.of(radial_basis, orthonormal=False)
        options, backend = _options_of(like), self.backend_for(like)
        length: Any = radial_basis.length if width is None else width.to(like)
        gaussians = Gaussians.of(rotations, semiaxes / length, radial_basis.unit_precision)
        r, log_factor = pairs.r_ij / length, self._log_factor(pairs.r_ij)
        c, log_w = gaussians.records[:, :WEIGHT], gaussians.records[:, WEIGHT].log()
        if backend == "torch_full":
            made: Expansion | _ByTorch = _ByTorch(kernels.load(backend)(gaussians, basis, options), pairs)
        else:
            records, on_tensors = gaussians.records.detach().double(), kernels.BACKENDS[backend].devices
            fixed = Gaussians(records if on_tensors else records.numpy(), gaussians.precision)
            kernel = kernels.load(backend)(fixed, basis, options)
            j, neighbors = (pairs.neighbors.place, pairs.neighbors) if on_tensors else (pairs.j, None)
            made = Expansion(kernel, backend, j, pairs.start, len(semiaxes), neighbors)
        return made, (r, c, log_w, log_factor)

    def _factor(self, width: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor | None:
        """Of the coefficients: the basis was made for its own length."""
        if width is None:
            return None
        scaled: torch.Tensor = (width.to(like) / self.hypers.radial_basis.length) ** -1.5
        return scaled

    def backend_for(self, tensor: torch.Tensor) -> str:
        """The one that computes on the device and in the dtype of a tensor.

        Raises
        ------
        ValueError
            If it cannot.
        """
        options = _options_of(tensor)
        kind = torch.device(options.device).type
        name = self.hypers.backend if kind == "cpu" or self.asked is not None else kernels.fastest(kind)
        entry = kernels.BACKENDS[name]
        if kind != "cpu" and not entry.devices:
            raise ValueError(f"backend {name!r} runs on the device 'cpu' only, the tensors are on {options.device!r}")
        if options.dtype not in entry.dtypes:
            raise ValueError(f"backend {name!r} has no {options.dtype}, which is the dtype of the tensors")
        if kind != "cpu" and self.asked is not None:
            _check_options(name, *options)
        check_degree(self.hypers.num_ns, self.hypers.radial_basis_name, options.dtype)
        return name

    def _log_factor(self, r_ij: torch.Tensor) -> torch.Tensor | None:
        """Logarithm of the smooth cutoff's factor, see `anisoap_opt.cutoff`; all pairs are inside the cutoff."""
        cutoff = self.hypers.cutoff
        if cutoff is None:
            return None
        squares = (r_ij**2).sum(dim=1)
        fallen = squares > (cutoff.radius - cutoff.width) ** 2
        distance = torch.where(fallen, squares, torch.ones_like(squares)).sqrt()
        x = torch.where(fallen, (distance - (cutoff.radius - cutoff.width)) / cutoff.width, torch.zeros_like(distance))
        x = x.clamp(max=1 - torch.finfo(x.dtype).eps)  # rounding may bring a pair to the cutoff itself
        return 3 * torch.log1p(-x) + torch.log1p(x * (3 + 6 * x))


@dataclass(frozen=True)
class _ByTorch:
    """`Expansion` for a kernel that Torch differentiates: it has the particles' Gaussians, as tensors, itself."""

    kernel: Any
    found: TensorPairs

    def coefficients(self, r: Any, c: Any, log_w: Any, log_factor: Any) -> Sequence[torch.Tensor]:
        weight = None if log_factor is None else log_factor.exp()
        j: Any = self.found.neighbors.place
        coefficients: Sequence[torch.Tensor] = self.kernel.coefficients(Pairs(j, r, self.found.start, weight))
        if len(self.found.j):
            return coefficients
        nothing = 0 * (r.sum() + c.sum() + log_w.sum())  # has zeros for gradients
        return [one + nothing for one in coefficients]


def _options_of(tensor: torch.Tensor) -> KernelOptions:
    return KernelOptions(str(tensor.dtype).removeprefix("torch."), str(tensor.device))


def center_coefficients(coefficients: Sequence[torch.Tensor], block: CenterBlock) -> list[torch.Tensor]:
    """Those of one block out of all segments' [segments, 2l+1, n_l]: per l [centers, 2l+1, n_l · neighbor types]."""
    num_types = len(block.neighbor_types)
    own = slice(block.first_segment, block.first_segment + num_types * len(block.centers))
    return [to_centers(c[own], num_types) for c in coefficients]


def spectra_in_rows(
    coefficients: Sequence[torch.Tensor],
    blocks: Sequence[CenterBlock],
    row: Ints,
    num_rows: int,
    *,
    mean: bool = False,
    symmetric: bool = False,
) -> torch.Tensor:
    """Power spectra of the centres, those of one row and centre type added up.

    Parameters
    ----------
    coefficients : sequence of tensor, the l-th of shape [segments, 2l+1, n_l]
    blocks : sequence of CenterBlock
    row : ndarray of int, shape [particles]
        Row of each particle.
    num_rows : int
    mean : bool
        Whether to divide each sum by the number of its centres.
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`.

    Returns
    -------
    tensor, shape [num_rows, features]
        The columns of the blocks follow each other; zero where a row has no centre of the type.
    """
    like = coefficients[0]
    columns = [like.new_zeros((num_rows, 0))]
    for block in blocks:
        spectra = power_spectrum(center_coefficients(coefficients, block), symmetric=symmetric)
        own = row[block.centers]
        columns.append(sum_rows(Groups(upload(own, like.device), num_rows, ascends(own)), spectra))
    sums = torch.cat(columns, dim=1)
    return divide_by_centers(sums, [one.shape[1] for one in columns[1:]], blocks, row) if mean else sums


def divide_by_centers(
    sums: torch.Tensor, widths: Sequence[int], blocks: Sequence[CenterBlock], row: Ints
) -> torch.Tensor:
    """Means over the centres of each row and type, from the sums of `spectra_in_rows` and each block's columns."""
    means = [sums[:, :0]]
    for block, own in zip(blocks, torch.split(sums, list(widths), dim=1), strict=True):
        counts = np.maximum(np.bincount(row[block.centers], minlength=len(sums)), 1)
        means.append(own / upload(counts, sums.device, sums.dtype)[:, None])
    return torch.cat(means, dim=1)


def ascends(row: Ints) -> bool:
    """Whether no number is less than the one before."""
    return bool((row[1:] >= row[:-1]).all())
