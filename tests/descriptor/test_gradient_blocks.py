"""Explicit gradients as metatensor holds them: labels, sparsity, operations, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ase.io
import metatensor
import numpy as np
import pytest
from ase import Atoms

from anisoap_opt import EllipsoidalDensityProjection
from anisoap_opt.utils import cg_combine, standardize_keys
from tests.frames_for_tests import DIAMETERS, TRICLINIC, calculator, mixed_frames, random_frame
from tests.tolerances import TOLERANCES, assert_close, assert_same_maps

DATA = Path(__file__).parents[1] / "data" / "torch"
CASES = {case["name"]: case for case in json.loads((DATA / "index.json").read_text())["cases"]}
OF_PARTICLES = ["positions", "orientations", "shapes"]
ALL = [*OF_PARTICLES, "strain"]


@pytest.mark.parametrize("name", CASES)
def test_values_of_upstream(backend: str, name: str) -> None:
    """Explicit gradients of every centre, contracted with stored weights."""
    case = CASES[name]
    with np.load(DATA / case["npz"]) as data:
        stored = {key: data[key] for key in data.files}
    frames = ase.io.read(DATA / case["xyz"], ":")
    column = {tuple(row): k for k, row in enumerate(stored["columns"].tolist())}
    first = np.cumsum([0, *map(len, frames)])
    found = {kind: np.zeros((first[-1], 3)) for kind in OF_PARTICLES}
    projection = EllipsoidalDensityProjection(**case["hypers"], types=case["species"], backend=backend)
    spectra = projection.power_spectrum(frames, mean_over_samples=False, compute_gradients=OF_PARTICLES)
    for key, block in spectra.items():
        columns = [column[(int(key["types_center"]), *row)] for row in block.properties.values.tolist()]
        system, atom = block.samples.values.T
        weights = stored["W"][first[system] + atom][:, columns]
        for kind in OF_PARTICLES:
            gradient = block.gradient(kind)
            sample, system, atom = gradient.samples.values.T
            rows = np.einsum("rkq,rq->rk", gradient.values[:, :, 0], weights[sample])
            np.add.at(found[kind], first[system] + atom, rows)
    for kind, name_there in zip(OF_PARTICLES, ("positions", "rotation_vectors", "lengths"), strict=True):
        assert_close(found[kind], stored[f"grad_{name_there}"], TOLERANCES["float64"].reference, kind)


def test_backends_have_the_same_blocks(fast_backend: str) -> None:
    frames, rtol = mixed_frames(), TOLERANCES["float64"].invariance
    for call in ({"mean_over_samples": False}, {"symmetric": True}, {"mean_over_samples": False, "centers": [8]}):
        ours, others = (
            calculator(backend=name, cutoff_smoothing=2.0, max_radial=3).power_spectrum(
                frames, compute_gradients=ALL, **call
            )
            for name in (fast_backend, "numpy_only")
        )
        assert_same_maps(ours, others, rtol)


def test_float32(float32_backend: str) -> None:
    frames = mixed_frames()
    narrow, wide = (
        calculator(backend=float32_backend, dtype=dtype).power_spectrum(frames, compute_gradients=ALL)
        for dtype in ("float32", "float64")
    )
    assert {one.values.dtype for block in narrow.blocks() for _, one in block.gradients()} == {np.dtype("float32")}
    assert_same_maps(narrow, wide, TOLERANCES["float32"].invariance)


@pytest.mark.parametrize("max_radial", [0, 1])
def test_spheres_as_featomic_has_them(max_radial: int) -> None:
    """featomic's GTOs n = 0 and n = 1 are as wide as each other, so ours with l = n span what its l-th channel does."""
    featomic = pytest.importorskip("featomic")
    frame = random_frame(3, 4, cell=TRICLINIC, pbc=True)
    for name in DIAMETERS:
        frame.arrays[name][:] = 1.0
    bare = Atoms(numbers=frame.numbers, positions=frame.positions, cell=frame.cell, pbc=True)
    kinds = ["positions", "strain", "cell"]
    theirs = featomic.SphericalExpansion(
        cutoff={"radius": 4.0, "smoothing": {"type": "Step"}},
        density={"type": "Gaussian", "width": 0.5},
        basis={"type": "TensorProduct", "max_angular": max_radial, "spline_accuracy": None,
               "radial": {"type": "Gto", "max_radial": max_radial}},
    ).compute(bare, gradients=kinds)  # fmt: skip
    projection = calculator(
        max_angular=max_radial, max_radial=0, cutoff_radius=4.0, radial_gaussian_width=4.0 / (max_radial + 1)
    )
    ours = projection.transform([frame], compute_gradients=kinds)
    factors: dict[int, Any] = {}  # of featomic's orthonormal functions, the same wherever l is
    for key, block in ours.items():
        l, center = int(key["angular_channel"]), int(key["types_center"])
        for k, (_, neighbor) in enumerate(block.properties.values.tolist()):
            other = theirs.block(o3_lambda=l, center_type=center, neighbor_type=neighbor)
            assert block.samples.values.tolist() == other.samples.values.tolist()
            values = block.values[..., k]
            if l not in factors and center != neighbor:  # a centre's own density leaves the factors open
                columns = other.values.reshape(-1, max_radial + 1)
                factors[l] = np.linalg.lstsq(columns, values.ravel(), rcond=None)[0]
    for key, block in ours.items():
        l, center = int(key["angular_channel"]), int(key["types_center"])
        for k, (_, neighbor) in enumerate(block.properties.values.tolist()):
            other = theirs.block(o3_lambda=l, center_type=center, neighbor_type=neighbor)
            assert_close(other.values @ factors[l], block.values[..., k], 1e-12)
            for kind in kinds:
                gradient, expected = block.gradient(kind), other.gradient(kind)
                assert gradient.samples.names == expected.samples.names
                assert gradient.components[:-1] == expected.components[:-1]
                places = [gradient.samples.position(row) for row in expected.samples.values.tolist()]
                assert places == sorted(places)  # theirs leave out particles of other types
                rest = np.delete(gradient.values[..., k], places, axis=0)
                assert np.abs(rest).max(initial=0) == 0
                assert_close(gradient.values[places][..., k], expected.values @ factors[l], 1e-12, kind)


def test_labels() -> None:
    frames = [random_frame(1, 3, types=(1, 6)), random_frame(2, 2, types=(6,))]
    frames[0].positions[:] = [[0, 0, 0], [4, 0, 0], [8, 0, 0]]  # the outer ones do not see each other
    frames[0].numbers[:] = 1, 6, 1
    axes = {"positions": ["xyz"], "orientations": ["xyz"], "shapes": ["axis"], "strain": ["xyz_2", "xyz_1"]}
    near = {0: (0, 1), 1: (0, 1, 2), 2: (1, 2)}
    expansion = calculator().transform(frames, compute_gradients=ALL)
    block = expansion.block(types_center=1, angular_channel=2)
    for kind, names in axes.items():
        gradient = block.gradient(kind)
        assert [one.names for one in gradient.components] == [*([name] for name in names), ["spherical_component_m"]]
        assert gradient.properties == block.properties
    for kind in OF_PARTICLES:
        samples = block.gradient(kind).samples
        assert samples.names == ["sample", "system", "atom"]
        assert samples.values.tolist() == [[s, 0, atom] for s, i in enumerate((0, 2)) for atom in near[i]]
    assert block.gradient("strain").samples.names == ["sample"]
    mean = calculator().power_spectrum(frames, compute_gradients=ALL)
    assert mean.block(types_center=1).samples.values.tolist() == [[0], [1]]
    assert mean.block(types_center=1).gradient("strain").samples.values.tolist() == [[0]]  # no centre in the other
    assert mean.block(types_center=6).gradient("shapes").samples.values.tolist() == [
        [0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 1, 0], [1, 1, 1],
    ]  # fmt: skip


def test_values_do_not_depend_on_gradients() -> None:
    frames, projection = mixed_frames(), calculator(cutoff_smoothing=1.0)
    assert_same_maps(
        metatensor.remove_gradients(projection.transform(frames, compute_gradients=ALL)),
        projection.transform(frames),
        0,
    )
    mean = projection.power_spectrum(frames, compute_gradients=ALL)
    together = np.concatenate([block.values[:, 0] for block in mean.blocks()], axis=1)
    np.testing.assert_array_equal(together, projection.power_spectrum(frames))


def test_constructor_sets_the_default() -> None:
    frames, projection = mixed_frames()[:1], calculator(compute_gradients=["shapes"])
    assert projection.compute_gradients == ("shapes",)
    assert projection.transform(frames).block(0).gradients_list() == ["shapes"]
    assert projection.power_spectrum(frames).block(0).gradients_list() == ["shapes"]
    assert projection.power_spectrum(frames, compute_gradients=True).block(0).gradients_list() == ["positions"]
    assert isinstance(projection.power_spectrum(frames, compute_gradients=False), np.ndarray)


def test_a_particle_alone() -> None:
    """Without a neighbour there is no centre; with its own density it has a row of its own, zero in positions."""
    frames = [random_frame(1, 1, types=(1,)), random_frame(5, 3)]
    spectra = calculator(subtract_center_contribution=True).power_spectrum(frames[:1], compute_gradients=ALL)
    assert len(spectra) == 0
    block = calculator().power_spectrum(frames, mean_over_samples=False, compute_gradients=ALL).block(types_center=1)
    samples = block.gradient("positions").samples
    assert samples.values[0].tolist() == [0, 0, 0]
    assert samples.values[1, 0] == 1
    assert np.abs(block.gradient("positions").values[0]).max() == 0 < np.abs(block.gradient("shapes").values[0]).max()


def test_operations_keep_gradients(tmp_path: Path) -> None:
    frames = mixed_frames()
    projection = calculator(types=[1, 6, 8])
    spectra = projection.power_spectrum(frames, mean_over_samples=False, compute_gradients=ALL)
    per_frame = metatensor.sum_over_samples(spectra, "center")
    reduced = projection.power_spectrum(frames, reduce="sum", compute_gradients=ALL)
    for key, block in per_frame.items():
        own = reduced.block(key)
        frames_there = block.samples.values[:, 0]
        assert_close(own.values[frames_there], block.values, 1e-13)
        for kind, gradient in block.gradients():
            rows = gradient.samples.values.copy()
            rows[:, 0] = frames_there[rows[:, 0]]
            places = [own.gradient(kind).samples.position(row) for row in rows.tolist()]
            assert sorted(places) == list(range(len(own.gradient(kind).samples)))
            assert_close(own.gradient(kind).values[places], gradient.values, 1e-12, kind)
    one = metatensor.Labels(["type"], np.array([[2]]))
    parts = [
        metatensor.slice(spectra, "samples", metatensor.Labels(["type"], np.array(some)[:, None]))
        for some in ([0, 1, 2], [3, 4])
    ]
    assert_same_maps(metatensor.join(parts, "samples"), spectra, 0)
    alone = metatensor.slice(spectra, "samples", one).block(types_center=8).gradient("positions")
    assert set(alone.samples.values[:, 1].tolist()) == {2}
    wide = projection.transform(frames, compute_gradients=ALL).keys_to_properties("types_center")
    assert sorted(wide.block(0).gradients_list()) == sorted(ALL)
    assert wide.block(0).gradient("positions").values.shape[-1] == wide.block(0).values.shape[-1]
    metatensor.save(tmp_path / "spectra.mts", spectra)
    assert_same_maps(metatensor.load(tmp_path / "spectra.mts"), spectra, 0)


def test_the_product_of_expansions() -> None:
    frames, projection = mixed_frames(), calculator(max_radial=[3, 2, 1, 1])
    expansion = standardize_keys(projection.transform(frames, compute_gradients=ALL))
    product = cg_combine(expansion, expansion, lcut=0, other_keys_match=["types_center"])
    spectra = projection.power_spectrum(frames, mean_over_samples=False, compute_gradients=ALL)
    assert_same_maps(product, spectra, TOLERANCES["float64"].invariance)


def test_what_is_refused() -> None:
    frames, projection = mixed_frames(), calculator()
    with pytest.raises(ValueError, match="'velocities'.*positions"):
        projection.transform(frames, compute_gradients=["velocities"])
    with pytest.raises(ValueError, match="twice"):
        projection.transform(frames, compute_gradients=["strain", "strain"])
    with pytest.raises(TypeError, match="compute_gradients.*'positions'"):
        projection.power_spectrum(frames, compute_gradients="positions")
    with pytest.raises(TypeError, match="compute_gradients.*got 1"):
        calculator(compute_gradients=1)
    with pytest.raises(ValueError, match="frame 0 is not periodic"):
        projection.power_spectrum(frames, compute_gradients=["cell"])
    with pytest.raises(ValueError, match="return_pef"):
        projection.transform(frames, return_pef=True, compute_gradients=True)
