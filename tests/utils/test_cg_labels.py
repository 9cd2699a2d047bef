"""Keys, properties and errors of the Clebsch–Gordan product, on TensorMaps made by hand."""

import metatensor
import numpy as np
import pytest
from metatensor import Labels, TensorBlock, TensorMap

from anisoap_opt.utils import cg_combine, standardize_keys


def scalars(names, keys, centers=(0, 1)):
    """TensorMap of l = 0 blocks with these keys, in AniSOAP's standard names; values 2, 3, … in every block."""
    blocks = [
        TensorBlock(
            np.arange(2.0, 6.0).reshape(2, 1, 2)[: len(centers)],
            Labels(["type", "center"], np.array([[0, center] for center in centers], dtype=int).reshape(-1, 2)),
            [Labels(["spherical_component_m"], np.array([[0]]))],
            Labels(["n_1"], np.array([[0], [1]])),
        )
        for _ in keys
    ]
    return TensorMap(Labels(["order_nu", "angular_channel", *names], np.array([[1, 0, *key] for key in keys])), blocks)


@pytest.mark.parametrize(
    ("match", "names", "keys"),
    [
        (
            None,
            ["t_a", "kind_a", "t_b", "kind_b", "x_b"],
            [(6, 1, 6, 2, 5), (6, 1, 8, 2, 5), (8, 1, 6, 2, 5), (8, 1, 8, 2, 5)],
        ),
        (
            [],
            ["t_a", "kind_a", "t_b", "kind_b", "x"],
            [(6, 1, 6, 2, 5), (6, 1, 8, 2, 5), (8, 1, 6, 2, 5), (8, 1, 8, 2, 5)],
        ),
        (["t"], ["t", "kind_a", "kind_b", "x"], [(6, 1, 2, 5), (8, 1, 2, 5)]),
        (["kind", "t"], ["kind", "t", "x"], []),
    ],
)
def test_keys_of_the_product(match, names, keys):
    a = scalars(["t", "kind"], [(6, 1), (8, 1)])
    b = scalars(["t", "kind", "x"], [(6, 2, 5), (8, 2, 5)])
    product = cg_combine(a, b, other_keys_match=match)
    assert product.keys.names == ["order_nu", "angular_channel", *names]
    assert product.keys.values.tolist() == [[2, 0, *key] for key in keys]
    for block in product.blocks():
        assert block.properties.names == ["n_1_a", "k_2", "n_1_b", "l_2"]
        assert block.properties.values.tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 1, 0]]
        assert block.values[:, 0].tolist() == [[4, 6, 6, 9], [16, 20, 20, 25]]


def test_blocks_without_samples_are_kept():
    empty = scalars(["t"], [(6,)], centers=())
    assert cg_combine(empty, empty, other_keys_match=["t"]).block(t=6).values.shape == (0, 1, 4)


def with_gradient(rows, name="width"):
    """A TensorMap of one scalar block, standardised, with gradients of these samples: 1, 2, … in every row."""
    block = scalars(["t"], [(6,)]).block(0).copy()
    values = 1.0 + np.arange(2.0 * len(rows)).reshape(-1, 1, 2)
    gradient = TensorBlock(values, Labels(["sample"], np.array(rows)[:, None]), block.components, block.properties)
    block.add_gradient(name, gradient)
    return standardize_keys(TensorMap(Labels(["angular_channel"], np.array([[0]])), [block]))


def test_product_rule():
    one, two = with_gradient([1]), with_gradient([0, 1])
    assert one.block(0).gradient("width").properties.names == ["n_1"]
    gradient = cg_combine(one, two).block(0).gradient("width")
    assert gradient.samples.values.tolist() == [[0], [1]]
    assert gradient.properties == cg_combine(one, two).block(0).properties
    a, b = np.array([[2.0, 3.0], [4.0, 5.0]]), np.array([[2.0, 3.0], [4.0, 5.0]])
    a_dot, b_dot = np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = np.einsum("ia,ib->iab", a_dot, b) + np.einsum("ia,ib->iab", a, b_dot)
    np.testing.assert_allclose(gradient.values[:, 0], expected.reshape(2, 4), rtol=1e-14)


def test_gradients_of_one_factor_only():
    with pytest.raises(ValueError, match=r"'width'.*\[\]"):
        cg_combine(with_gradient([1]), standardize_keys(metatensor.remove_gradients(with_gradient([1]))))
    with pytest.raises(ValueError, match=r"'width'.*'height'"):
        cg_combine(with_gradient([1]), with_gradient([1], "height"))


def test_bad_input():
    one, other = scalars(["t"], [(6,)]), scalars(["t"], [(6,)], centers=(0, 2))
    with pytest.raises(ValueError, match="other_keys_match"):
        cg_combine(one, other)
    with pytest.raises(ValueError, match="kind"):
        cg_combine(one, one, other_keys_match=["kind"])
    unnamed = TensorMap(Labels(["angular_channel"], np.array([[3]])), [one.block(0).copy()])
    with pytest.raises(ValueError, match="standardize_keys"):
        cg_combine(unnamed, one)
    with pytest.raises(ValueError, match="angular_channel"):
        standardize_keys(TensorMap(Labels(["l"], np.array([[3]])), [one.block(0).copy()]))
