"""Sums of rows by group: the way of a GPU against plain loops, and derivatives of any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anisoap_opt.nn import sums  # noqa: E402
from anisoap_opt.nn.sums import Groups, Runs, sum_rows  # noqa: E402

PLACES = {"any order": [3, 0, 3, 3, 1, 0], "ascending": [0, 0, 1, 3, 3, 3], "none": []}


def groups_of(kind: str, place: list[int]) -> Any:
    """Five groups, of which the third and the last are empty."""
    index = torch.tensor(place, dtype=torch.int64)
    if kind == "runs":
        return Runs(torch.bincount(index, minlength=5), len(index))
    return Groups(index, 5, ascending=kind == "ascending")


CASES = [("any order", name) for name in PLACES]
CASES += [(kind, name) for kind in ("ascending", "runs") for name in ("ascending", "none")]


@pytest.mark.parametrize("in_order", [("cpu",), ()], ids=["as on a CPU", "as on a GPU"])
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_sums_and_their_derivatives(
    kind: str, name: str, in_order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "ADDED_IN_ORDER", in_order)
    place = PLACES[name]
    rows = torch.rand((len(place), 3), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = np.zeros((5, 3))
    for group, row in zip(place, rows.numpy(), strict=True):
        expected[group] += row
    groups = groups_of(kind, place)
    assert np.array_equal(sum_rows(groups, rows).numpy(), expected)
    if place:
        variable = rows.requires_grad_()
        assert torch.autograd.gradcheck(lambda x: sum_rows(groups, x**3), variable)
        assert torch.autograd.gradgradcheck(lambda x: sum_rows(groups, x**3), variable)
