"""Particles and pairs in segments, and coefficients as a function of r_ij, C and log w that Torch differentiates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt import kernels
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.gaussians import WEIGHT, Gaussians
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.pairs import Pairs
from tests.frames_for_tests import calculator, random_rotation

PARTICLES = 4
COUNTS = np.array([1, 2, 2, 1, 2, 1])
"""How often each of the six elements of a symmetric matrix stands in it."""
BASES = {
    "gto": {"max_angular": 3, "max_radial": 1},
    "coupled": {"max_angular": 4, "max_radial": None},
    "list": {"max_angular": 2, "max_radial": [1, 0, 2]},
    "monomial": {
        "max_angular": 3, "max_radial": 1, "radial_basis_name": "monomial", "radial_gaussian_width": None,
        "cutoff_radius": 2.0,
    },
}  # fmt: skip


class Problem:
    """One basis, some particles, and pairs in segments of given lengths; the first pair has no distance."""

    def __init__(
        self,
        basis: str | BasisChange,
        lengths: Sequence[int] = (3, 0, 2, 1, 4, 0),
        *,
        weighted: bool = False,
        seed: int = 0,
        widest: float = 1.5,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.precision = 0.0 if basis == "monomial" else 1.0
        self.change = BasisChange.of(calculator(**BASES[basis]).radial_basis) if isinstance(basis, str) else basis
        rotations = np.stack([random_rotation(seed + k).as_matrix() for k in range(PARTICLES)])
        self.gaussians = Gaussians.of(rotations, rng.uniform(0.3, widest, (PARTICLES, 3)), self.precision)
        start = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        total = int(start[-1])
        r_ij = rng.uniform(-1.2, 1.2, (total, 3))
        r_ij[:1] = 0
        weight = rng.uniform(0.1, 1, total) if weighted else None
        self.pairs = Pairs(rng.integers(0, PARTICLES, total), r_ij, start, weight)
        shapes = [(len(lengths), 2 * l + 1, n) for l, n in enumerate(self.change.num_radial)]
        self.adjoints = [rng.normal(size=shape) for shape in shapes]
        self.tangents = rng.normal(size=(total, 3)), rng.normal(size=(total, 6)), rng.normal(size=total)

    def kernel(self, backend: str, dtype: str = "float64") -> Any:
        """A kernel of this backend."""
        return kernels.load(backend)(self.gaussians, self.change, KernelOptions(dtype=dtype))

    def variables(self) -> list[Any]:
        """r_ij, C and log w of every pair as tensors that want gradients."""
        import torch

        records = self.gaussians.records[self.pairs.j]
        arrays = self.pairs.r_ij, records[:, :6], np.log(records[:, WEIGHT])
        return [torch.tensor(array, requires_grad=True) for array in arrays]

    def coefficients(self, r_ij: Any, c: Any, log_w: Any) -> list[Any]:
        """By `torch_full`, of particles that belong to one pair each; a Cholesky factor is a root of K = 1 - s·C."""
        import torch

        from anisoap_opt.kernels.torch_full import Kernel

        full = c[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
        root = torch.linalg.cholesky(torch.eye(3, dtype=c.dtype) - self.precision * full)
        records = torch.cat([c, torch.exp(log_w)[:, None], root.reshape(-1, 9)], dim=1)
        kernel = Kernel(Gaussians(records, self.precision), self.change, KernelOptions())
        own = Pairs(np.arange(len(r_ij)), r_ij, self.pairs.start, self.pairs.weight)
        return kernel.coefficients(own)

    def functional(self, *variables: Any) -> Any:
        """Σ adjoints · coefficients."""
        import torch

        values = self.coefficients(*variables)
        return sum((torch.tensor(a) * c).sum() for a, c in zip(self.adjoints, values, strict=True))

    def exact_pull_back(self) -> list[Any]:
        """By automatic differentiation."""
        import torch

        variables = self.variables()
        return as_adjoints(torch.autograd.grad(self.functional(*variables), variables))

    def exact_push_forward(self) -> list[Any]:
        """By automatic differentiation."""
        import torch

        tangents = tuple(map(torch.tensor, self.tangents))
        _, along = torch.autograd.functional.jvp(
            lambda *x: tuple(self.coefficients(*x)), tuple(self.variables()), tangents
        )
        return [one.numpy() for one in along]

    def exact_pull_back_along(self) -> list[Any]:
        """By automatic differentiation, twice."""
        import torch

        variables = self.variables()
        first = torch.autograd.grad(self.functional(*variables), variables, create_graph=True)
        along = sum((one * torch.tensor(dot)).sum() for one, dot in zip(first, self.tangents, strict=True))
        return as_adjoints(torch.autograd.grad(along, variables))


def as_adjoints(gradients: Sequence[Any]) -> list[Any]:
    """Gradients in six free numbers as a symmetric matrix's elements, which stand for two off the diagonal."""
    of_r, of_c, of_log_w = (one.numpy() for one in gradients)
    return [of_r, of_c / COUNTS, of_log_w]
