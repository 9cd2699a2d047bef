"""AniSOAP's recipe for a power spectrum, and couplings beyond it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_opt.utils import ClebschGordanReal, cg_combine, standardize_keys
from tests.frames_for_tests import calculator, mixed_frames, random_frame, random_rotation, rotated
from tests.real_harmonics import wigner_d
from tests.tolerances import assert_close, assert_same_maps

L_MAX = 3
FRAMES = {
    "one": [random_frame(1, 5, types=(6,)), random_frame(2, 4, types=(6,), cell=(5, 4, 6), pbc=(True, False, True))],
    "two": [random_frame(3, 5, cell=(5, 4, 6), pbc=True), random_frame(4, 6)],
    "three": [random_frame(5, 6, types=(1, 6, 8)), random_frame(6, 4, types=(8, 6, 1))],
    "ragged": mixed_frames(),
}


def nu1_of(frames: Any, **changes: Any) -> Any:
    return standardize_keys(calculator(max_radial=[2, 1, 1, 0], **changes).transform(frames))


@pytest.mark.parametrize("subtract", [False, True])
@pytest.mark.parametrize("frames", FRAMES.values(), ids=FRAMES)
def test_recipe_is_the_power_spectrum(frames: Any, subtract: bool) -> None:
    hypers = {"max_radial": [2, 1, 1, 0], "subtract_center_contribution": subtract}
    nu1 = standardize_keys(calculator(**hypers).transform(frames))
    cg = ClebschGordanReal(L_MAX)
    nu2 = cg_combine(nu1, nu1, clebsch_gordan=cg, lcut=0, other_keys_match=["types_center"])
    direct = calculator(**hypers).power_spectrum(frames, mean_over_samples=False)
    assert_same_maps(nu2, direct, 1e-12)


def test_recipe_then_mean_over_centers() -> None:
    import metatensor

    nu1 = standardize_keys(calculator().transform(FRAMES["one"]))
    nu2 = cg_combine(nu1, nu1, lcut=0, other_keys_match=["types_center"])
    mean = metatensor.mean_over_samples(nu2, sample_names="center").block().values.squeeze()
    expected = calculator().power_spectrum(FRAMES["one"])
    assert_close(mean, expected, 1e-12)


def test_standardized_names() -> None:
    raw = calculator().transform(FRAMES["two"])
    nu1 = standardize_keys(raw)
    assert nu1.keys.names == ["order_nu", "types_center", "angular_channel"]
    assert (nu1.keys["order_nu"] == 1).all()
    assert (nu1.keys.values[:, 1:] == raw.keys.values).all()
    assert nu1.block(0).properties.names == ["n_1", "neighbor_types_1"]
    for one, other in zip(nu1.blocks(), raw.blocks(), strict=True):
        assert one.values is other.values
        assert one.samples == other.samples
        assert (one.properties.values == other.properties.values).all()
    assert_same_maps(standardize_keys(nu1), nu1, 0)


@pytest.mark.parametrize("lcut", [2, None])
def test_products_rotate_with_the_frames(lcut: int | None) -> None:
    rotation = random_rotation(9)
    still, turned = (
        cg_combine(nu1, nu1, lcut=lcut, other_keys_match=["types_center"])
        for nu1 in (nu1_of(FRAMES["two"]), nu1_of([rotated(frame, rotation) for frame in FRAMES["two"]]))
    )
    assert set(still.keys["angular_channel"]) == set(range((2 * L_MAX if lcut is None else lcut) + 1))
    assert turned.keys == still.keys
    for key, block in still.items():
        expected = np.einsum("mn,inq->imq", wigner_d(int(key["angular_channel"]), rotation), block.values)
        assert_close(turned.block(key).values, expected, 1e-12, str(key))


def test_three_factors() -> None:
    """Order 3, with names of one's own: a column is the explicit sum over two couplings."""
    nu1 = nu1_of(FRAMES["one"])
    nu2 = cg_combine(nu1, nu1, lcut=L_MAX, other_keys_match=["types_center"])
    names = ["a_n", "a_t", "k", "b_n", "b_t", "l", "L", "c_n", "c_t", "M"]
    nu3 = cg_combine(nu2, nu1, feature_names=names, lcut=0, other_keys_match=["types_center"])
    assert nu3.keys.values.tolist() == [[3, 0, 6]]
    block = nu3.block(0)
    assert block.properties.names == names
    column = block.properties.position([1, 6, 1, 0, 6, 2, 1, 1, 6, 1])
    cg = ClebschGordanReal(2)
    c1, c2 = (nu1.block(angular_channel=l).values for l in (1, 2))
    coupled = np.einsum("im,in,mnM->iM", c1[:, :, 1], c2[:, :, 0], cg.coefficients(1, 2, 1))
    expected = np.einsum("iM,im,Mm->i", coupled, c1[:, :, 1], cg.coefficients(1, 1, 0)[:, :, 0])
    assert_close(block.values[:, 0, column], expected, 1e-12)


def test_fixed_types() -> None:
    hypers = {"types": [1, 6, 8], "subtract_center_contribution": True}
    nu1 = standardize_keys(calculator(**hypers).transform(FRAMES["two"]))
    nu2 = cg_combine(nu1, nu1, lcut=0, other_keys_match=["types_center"])
    assert_same_maps(nu2, calculator(**hypers).power_spectrum(FRAMES["two"], mean_over_samples=False), 1e-12)


def test_nothing_to_combine() -> None:
    with pytest.warns(UserWarning, match="no centre has a neighbour"):
        empty = nu1_of(FRAMES["two"], subtract_center_contribution=True, cutoff_radius=0.01)
    assert len(cg_combine(empty, empty, other_keys_match=["types_center"]).keys) == 0


def test_float32_stays() -> None:
    nu1 = nu1_of(FRAMES["one"], dtype="float32")
    assert cg_combine(nu1, nu1, lcut=0, other_keys_match=["types_center"]).block(0).values.dtype == np.float32
