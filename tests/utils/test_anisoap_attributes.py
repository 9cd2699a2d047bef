"""Attributes of AniSOAP's objects that nothing here needs."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from anisoap_opt.representations import radial_basis
from anisoap_opt.utils import spherical_to_cartesian
from tests.frames_for_tests import calculator, random_frame, rotations_of
from tests.tolerances import assert_close

MONOMIAL = {"radial_basis_name": "monomial", "radial_gaussian_width": None}


def test_sph_to_cart():
    projection = calculator(max_radial=[2, 1, 0, 1])
    expected = spherical_to_cartesian(3, [3, 2, 1, 2])
    assert projection.sph_to_cart is projection.sph_to_cart
    for found, table in zip(projection.sph_to_cart, expected, strict=True):
        np.testing.assert_array_equal(found, table)


def test_rotation_maker():
    frame = random_frame(1, 4)
    wanted = rotations_of(frame).as_matrix()
    one = calculator().rotation_maker(frame.arrays["c_q"][2])
    assert isinstance(one, Rotation)
    np.testing.assert_allclose(one.as_matrix(), wanted[2], atol=1e-14)
    np.testing.assert_allclose(calculator().rotation_maker(frame.arrays["c_q"]).as_matrix(), wanted, atol=1e-14)
    xyzw = calculator(quaternion_order="xyzw").rotation_maker(np.roll(frame.arrays["c_q"], -1, axis=1))
    np.testing.assert_allclose(xyzw.as_matrix(), wanted, atol=1e-14)
    for matrices in (wanted, wanted.reshape(4, 9), wanted.tolist()):
        made = calculator(rotation_type="matrix").rotation_maker(matrices)
        np.testing.assert_allclose(made.as_matrix(), wanted, atol=1e-14)
    np.testing.assert_allclose(
        calculator(rotation_type="matrix").rotation_maker(wanted[1]).as_matrix(), wanted[1], atol=1e-14
    )


@pytest.mark.parametrize("max_radial", [None, 2, [1, 0, 3, 1]], ids=str)
@pytest.mark.parametrize("arguments", [{}, MONOMIAL], ids=["gto", "monomial"])
def test_overlap_matrix(arguments, max_radial):
    """The analytic overlaps of all powers below the largest l + 2 n_l, as AniSOAP computes them."""
    basis = calculator(max_radial=max_radial, **arguments).radial_basis
    k = np.arange(max(l + 2 * num for l, num in enumerate(basis.num_radial_functions)))
    if arguments:
        expected = radial_basis.monomial_overlap(k[:, None], k, basis.cutoff_radius)
    else:
        width = basis.radial_gaussian_width
        expected = radial_basis.gto_overlap(k[:, None], k, width, width)
    assert_close(basis.overlap_matrix, expected, 1e-13)
    np.testing.assert_array_equal(basis.calc_overlap_matrix(), basis.overlap_matrix)


@pytest.mark.parametrize("arguments", [{}, MONOMIAL], ids=["gto", "monomial"])
def test_the_overlap_matrix_orthonormalises_the_basis(arguments):
    """S⁻¹ᐟ² of the slice of one l, times the norms, is `orthonormalization`: what AniSOAP's users do with it."""
    basis = calculator(max_radial=1, **arguments).radial_basis
    for l in range(4):
        k = l + 2 * np.arange(2)
        inverse_sqrt = radial_basis.inverse_matrix_sqrt(basis.overlap_matrix[k][:, k])
        if arguments:
            norms = radial_basis.monomial_prefactor(k, basis.cutoff_radius)
        else:
            norms = radial_basis.gto_prefactor(k, basis.radial_gaussian_width)
        assert_close(norms[:, None] * inverse_sqrt, basis.orthonormalization(l), 1e-11)
