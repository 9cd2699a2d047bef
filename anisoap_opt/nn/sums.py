"""Sums of rows that belong to the same particle, centre or frame: with the same bits every time, on any device.

On a GPU `index_add` adds atomically, in an order of its own. There rows are sorted, and each sum is made by one thread.
"""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

ADDED_IN_ORDER = ("cpu", "mps")
"""Devices on which `index_add` is taken: a CPU adds in the order of the rows; MPS has no `segment_reduce`."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows in any order.

    Attributes
    ----------
    place : tensor of int, shape [rows]
        Group that each row belongs to.
    size : int
        Number of groups.
    ascending : bool
        Whether `place` is known to ascend.
    """

    place: torch.Tensor
    size: int
    ascending: bool = False

    @cached_property
    def _sorted(self) -> tuple[torch.Tensor | None, Runs]:
        """An order of the rows in which groups follow each other, if it is another one; the groups then."""
        place, order = (self.place, None) if self.ascending else torch.sort(self.place, stable=True)
        groups = torch.arange(self.size + 1, dtype=place.dtype, device=place.device)
        return order, Runs(torch.searchsorted(place, groups).diff(), len(place))

    def add(self, rows: torch.Tensor) -> torch.Tensor:
        """Sums [groups, columns] of rows [rows, columns], as the sums of `sum_rows` but not differentiable."""
        if rows.device.type in ADDED_IN_ORDER:
            return rows.new_zeros((self.size, rows.shape[1])).index_add(0, self.place, rows)
        order, runs = self._sorted
        return runs.add(rows if order is None else rows.index_select(0, order))


@dataclass(frozen=True, eq=False)
class Runs:
    """Rows whose groups follow each other.

    Attributes
    ----------
    counts : tensor of int, shape [groups]
        Rows of each group.
    num_rows : int
    """

    counts: torch.Tensor
    num_rows: int

    @cached_property
    def place(self) -> torch.Tensor:
        """Group that each row belongs to."""
        groups = torch.arange(len(self.counts), device=self.counts.device)
        return torch.repeat_interleave(groups, self.counts, output_size=self.num_rows)

    def add(self, rows: torch.Tensor) -> torch.Tensor:
        """As `Groups.add`."""
        if rows.device.type == "mps":
            return Groups(self.place, len(self.counts)).add(rows)
        return torch.segment_reduce(rows, "sum", lengths=self.counts, unsafe=True)


def sum_rows(groups: Groups | Runs, rows: torch.Tensor) -> torch.Tensor:
    """Sums of rows, [rows, columns] → [groups, columns]; differentiable as often as wanted."""
    sums: torch.Tensor = _Sum.apply(groups, rows)
    return sums


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, groups: Groups | Runs, rows: torch.Tensor) -> torch.Tensor:
        ctx.groups = groups
        return groups.add(rows)

    @staticmethod
    def backward(ctx: Any, adjoint: torch.Tensor) -> tuple[Any, ...]:
        return None, _Spread.apply(ctx.groups, adjoint)


class _Spread(torch.autograd.Function):
    """Each group's row for all of its rows."""

    @staticmethod
    def forward(ctx: Any, groups: Groups | Runs, sums: torch.Tensor) -> torch.Tensor:
        ctx.groups = groups
        return sums.index_select(0, groups.place)

    @staticmethod
    def backward(ctx: Any, adjoint: torch.Tensor) -> tuple[Any, ...]:
        return None, _Sum.apply(ctx.groups, adjoint)
