"""The options of `transform`: primitive functions, single pairs, the deprecated argument, the progress bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frames_for_tests import TRICLINIC, calculator, mixed_frames, random_frame
from tests.tolerances import assert_close, assert_same_maps

BASES = [{"max_radial": 2}, {"radial_basis_name": "monomial", "radial_gaussian_width": None}]


@pytest.mark.parametrize("basis", BASES, ids=["gto", "monomial"])
def test_orthonormalising_afterwards(backend: str, basis: dict[str, Any]) -> None:
    projection = calculator(backend=backend, **basis)
    raw = projection.transform(mixed_frames(), normalize=False)
    before = raw.block(0).values.copy()
    result = projection.radial_basis.orthonormalize_basis(raw)
    assert result is raw  # in place, as upstream
    assert np.abs(raw.block(0).values - before).max() > 0
    assert_same_maps(result, projection.transform(mixed_frames()), 1e-11)


@pytest.mark.parametrize("self_pairs", [True, False], ids=["with_self", "without_self"])
def test_pairs_add_up_to_the_expansion(backend: str, self_pairs: bool) -> None:
    projection = calculator(backend=backend, subtract_center_contribution=not self_pairs)
    expansion, pairs = projection.transform(mixed_frames(), return_pef=True)
    assert pairs.keys.names == ["types_center", "types_neighbor", "angular_channel"]
    sums = [np.zeros_like(block.values) for block in expansion.blocks()]
    for (center_type, neighbor_type, l), block in zip(pairs.keys.values.tolist(), pairs.blocks(), strict=True):
        index = expansion.keys.position([center_type, l])
        whole = expansion.block(index)
        rows = [whole.samples.position(row) for row in block.samples.values[:, :2]]
        for n in range(len(block.properties)):
            column = whole.properties.position([n, neighbor_type])
            np.add.at(sums[index][:, :, column], rows, block.values[:, :, n])
    for total, block in zip(sums, expansion.blocks(), strict=True):
        assert_close(total, block.values, 1e-12)


def test_labels_of_the_pairs() -> None:
    frame = random_frame(1, 3, types=(1, 6, 6), cell=TRICLINIC, pbc=True)
    _, pairs = calculator().transform([frame], return_pef=True)
    for key, block in pairs.items():
        assert block.samples.names == [
            "system", "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c",
        ]  # fmt: skip
        assert set(frame.numbers[block.samples["first_atom"]]) == {key["types_center"]}
        assert set(frame.numbers[block.samples["second_atom"]]) == {key["types_neighbor"]}
        assert block.properties.names == ["n"]
        own = (block.samples.values[:, 1] == block.samples.values[:, 2]) & ~block.samples.values[:, 3:].any(axis=1)
        assert own.sum() == ((frame.numbers == key["types_center"]).sum() if key[0] == key[1] else 0)


@pytest.mark.parametrize("value", [True, False, None])
def test_rust_moments_is_deprecated(value: Any) -> None:
    frames = [random_frame(1)]
    projection = calculator()
    with pytest.warns(DeprecationWarning, match="rust_moments") as record:
        expansion = projection.transform(frames, rust_moments=value)
    assert record[0].filename == __file__
    assert_same_maps(expansion, projection.transform(frames), 0)
    with pytest.warns(DeprecationWarning, match="rust_moments") as record:
        power = projection.power_spectrum(frames, rust_moments=value)
    assert record[0].filename == __file__
    np.testing.assert_array_equal(power, projection.power_spectrum(frames))


def test_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    projection = calculator()
    quiet = projection.power_spectrum(mixed_frames())
    assert capsys.readouterr().err == ""
    loud = projection.power_spectrum(mixed_frames(), show_progress=True)
    captured = capsys.readouterr()
    assert "15/15" in captured.err  # centres
    assert captured.out == ""
    np.testing.assert_array_equal(loud, quiet)
    projection.transform(mixed_frames(), show_progress=True)
    assert "15/15" in capsys.readouterr().err


def test_repr_names_the_backend() -> None:
    assert "numpy_only" in repr(calculator())
