"""The names, keys and labels of the two TensorMaps, and that each column holds what its label says."""

from __future__ import annotations

import numpy as np

from tests.frames_for_tests import calculator, mixed_frames, random_frame
from tests.tolerances import assert_close


def test_expansion_labels() -> None:
    expansion = calculator(max_radial=[2, 1, 0, 0]).transform([random_frame(1, 4, types=(8, 1))])
    assert expansion.keys.names == ["types_center", "angular_channel"]
    assert expansion.keys.values.tolist() == [[t, l] for t in (1, 8) for l in range(4)]
    for key, block in expansion.items():
        l = int(key["angular_channel"])
        assert block.samples.names == ["type", "center"]
        assert [component.names for component in block.components] == [["spherical_component_m"]]
        assert block.components[0].values[:, 0].tolist() == list(range(-l, l + 1))
        assert block.properties.names == ["n", "neighbor_types"]
        num = (3, 2, 1, 1)[l]
        assert block.properties.values.tolist() == [[n, t] for n in range(num) for t in (1, 8)]
        assert block.values.shape == (2, 2 * l + 1, 2 * num)


def test_power_spectrum_labels() -> None:
    power = calculator(max_angular=1).power_spectrum([random_frame(1, 4, types=(8, 1))], mean_over_samples=False)
    assert power.keys.names == ["order_nu", "angular_channel", "types_center"]
    assert power.keys.values.tolist() == [[2, 0, 1], [2, 0, 8]]
    block = power.block(0)
    assert block.samples.names == ["type", "center"]
    assert [component.names for component in block.components] == [["spherical_harmonics_m"]]
    assert block.components[0].values.tolist() == [[0]]
    assert block.properties.names == [
        "n_1_a", "neighbor_types_1_a", "k_2", "n_1_b", "neighbor_types_1_b", "l_2",
    ]  # fmt: skip
    assert block.properties.values.tolist() == [[0, a, l, 0, b, l] for l in (0, 1) for a in (1, 8) for b in (1, 8)]


def test_a_neighbor_type_label_matches_its_column(backend: str) -> None:
    """Without the particles of one type the columns of that type vanish, and no other changes."""
    frame = random_frame(2, 6, types=(1, 6, 8))
    projection = calculator(backend=backend, types=(1, 6, 8), max_radial=1, subtract_center_contribution=True)
    full = projection.transform([frame])
    center = int(np.flatnonzero(frame.numbers == 1)[0])
    kept = np.flatnonzero((frame.numbers != 6) | (np.arange(len(frame)) == center))
    fewer = projection.transform([frame[kept]])
    row, fewer_row = [0, center], [0, int(np.searchsorted(kept, center))]
    for l in range(4):
        before, after = (m.block(types_center=1, angular_channel=l) for m in (full, fewer))
        carbon = before.properties["neighbor_types"] == 6
        old = before.values[before.samples.position(row)]
        new = after.values[after.samples.position(fewer_row)]
        assert np.abs(old[:, carbon]).max() > 0
        assert np.abs(new[:, carbon]).max() == 0
        assert_close(new[:, ~carbon], old[:, ~carbon], 1e-12)


def test_the_n_of_a_column_is_its_radial_function() -> None:
    """The first functions of a longer monomial basis without orthonormalisation are those of a shorter one."""
    arguments = {"radial_basis_name": "monomial", "radial_gaussian_width": None}
    frames = [random_frame(3, 4)]
    long = calculator(max_radial=2, **arguments).transform(frames, normalize=False)
    short = calculator(max_radial=1, **arguments).transform(frames, normalize=False)
    for key, block in short.items():
        column = [long.block(key).properties.position(row) for row in block.properties]
        assert_close(long.block(key).values[:, :, column], block.values, 1e-12)


def test_columns_of_the_power_spectrum_are_products_of_columns_of_the_expansion(backend: str) -> None:
    """p_l[a, b] = (-1)^l / sqrt(2l+1) Σ_m c[m, a] c[m, b], looked up by label."""
    frames = mixed_frames()
    projection = calculator(backend=backend, max_radial=1)
    expansion = projection.transform(frames)
    for key, block in projection.power_spectrum(frames, mean_over_samples=False).items():
        properties = block.properties
        for column in range(0, len(properties), 7):
            label = dict(zip(properties.names, properties.values[column].tolist(), strict=True))
            l = label["l_2"]
            assert label["k_2"] == l
            c = expansion.block(types_center=key["types_center"], angular_channel=l)
            assert c.samples == block.samples
            a, b = (
                c.values[:, :, c.properties.position([label[f"n_1_{side}"], label[f"neighbor_types_1_{side}"]])]
                for side in "ab"
            )
            expected = (-1) ** l / np.sqrt(2 * l + 1) * (a * b).sum(axis=1)
            assert_close(block.values[:, 0, column], expected, 1e-11, str(label))


def test_columns_of_the_mean_are_the_blocks_of_all_centers_side_by_side(backend: str) -> None:
    frames = mixed_frames()
    projection = calculator(backend=backend)
    power = projection.power_spectrum(frames, mean_over_samples=False)
    expected = []
    for block in power.blocks():
        frame = block.samples["type"]
        expected.append(
            np.array(
                [
                    block.values[frame == f, 0].mean(axis=0) if f in frame else np.zeros(len(block.properties))
                    for f in range(len(frames))
                ]
            )
        )
    assert_close(projection.power_spectrum(frames), np.hstack(expected), 1e-13)
