"""`anisoap_opt.nn.EllipsoidalDensityProjection`: maps and numbers of every method, and its state."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

torch = pytest.importorskip("torch")
metatensor_torch = pytest.importorskip("metatensor.torch")

from anisoap_opt.nn import AniSOAP  # noqa: E402
from tests.frames_for_tests import random_frame  # noqa: E402
from tests.nn.graphs import HYPERS, Graph, assert_same_labels, calculator, dense, projection, rows_of  # noqa: E402
from tests.nn.systems import System, open_frame, periodic_frames  # noqa: E402
from tests.tolerances import TOLERANCES, assert_close  # noqa: E402

FRAMES = [*periodic_frames(), random_frame(7, 4), random_frame(8, 1, types=(1,))]
CLOSE = TOLERANCES["float64"].invariance


def assert_same_maps(ours: Any, expected: Any, rtol: float = CLOSE) -> None:
    assert_same_labels(ours, expected)
    for key, one, other in zip(rows_of(expected.keys), ours.blocks(), expected.blocks(), strict=True):
        assert_close(one.values.detach(), torch.as_tensor(other.values).detach(), rtol, str(key))


@pytest.fixture(params=["graph", "frames"])
def arguments(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The same particles and pairs in two ways."""
    return {"frames": FRAMES} if request.param == "frames" else Graph(FRAMES).pairs


@pytest.mark.parametrize("species", [None, [8, 6, 1]])
@pytest.mark.parametrize("normalize", [True, False])
def test_expansion(arguments: dict[str, Any], normalize: bool, species: Any) -> None:
    ours = projection(species=species).transform(**arguments, normalize=normalize)
    assert_same_maps(ours, calculator(types=species).transform(FRAMES, normalize=normalize))


@pytest.mark.parametrize("species", [None, [1, 6, 8]])
def test_power_spectrum_of_centers(arguments: dict[str, Any], species: Any) -> None:
    ours = projection(species=species).power_spectrum(**arguments, mean_over_samples=False)
    assert_same_maps(ours, calculator(types=species).power_spectrum(FRAMES, False))


@pytest.mark.parametrize("options", [{}, {"species": None}, {"max_radial": [1, 0, 2]}, {"cutoff_smoothing": 1.0}])
def test_means_of_systems(arguments: dict[str, Any], options: dict[str, Any]) -> None:
    ours = projection(**options).power_spectrum(**arguments)
    same = {{"species": "types"}.get(name, name): value for name, value in options.items()}
    assert_close(ours.detach(), calculator(**same).power_spectrum(FRAMES), CLOSE)


@pytest.mark.parametrize("species", [None, [1, 6]])
def test_particles_of_systems_in_any_order(fast_backend: str, species: Any) -> None:
    graph, own = Graph(FRAMES).pairs, projection(species=species, backend=fast_backend)
    order = torch.randperm(len(graph["species"]), generator=torch.Generator().manual_seed(1))
    place = torch.argsort(order)
    of_pairs = {"R_ij": graph["R_ij"], "centers": place[graph["centers"]], "neighbors": place[graph["neighbors"]]}
    mixed = {name: value[order] for name, value in graph.items() if name not in of_pairs} | of_pairs
    assert_close(own.power_spectrum(**mixed).detach(), own.power_spectrum(**graph).detach(), CLOSE)
    features, samples = own.power_spectrum_features(**mixed)
    expected, same = own.power_spectrum_features(**graph)
    assert samples == same
    assert_close(features.detach(), expected.detach(), CLOSE)


def test_a_system_without_centers_is_a_row_of_zeros() -> None:
    frames = [FRAMES[2], random_frame(1, 1)]
    ours = projection(subtract_center_contribution=True).power_spectrum(frames)
    assert ours.shape[0] == 2
    assert ours[0].any()
    assert not ours[1].any()


def test_one_frame_alone() -> None:
    assert_close(projection().power_spectrum(FRAMES[0]), projection().power_spectrum(FRAMES[:1]), 0)


@pytest.mark.parametrize("normalize", [True, False])
def test_expansion_of_pairs(normalize: bool) -> None:
    """They add up to the expansion, each where it belongs, in the order given."""
    graph, own = Graph(FRAMES), projection(species=None)
    expansion, pairs = own.transform(**graph.pairs, normalize=normalize, return_pef=True)
    assert list(pairs.keys.names) == ["types_center", "types_neighbor", "angular_channel"]
    alone = own.pairwise_expansion(**graph.pairs, normalize=normalize)
    assert_same_maps(alone, pairs, 0)
    sums = {(key[0], key[1]): torch.zeros_like(block.values) for key, block in zip(
        rows_of(expansion.keys), expansion.blocks(), strict=True)}  # fmt: skip
    i, j, types = (graph.pairs[name] for name in ("centers", "neighbors", "species"))
    names = torch.stack([graph.pairs["structures"], graph.pairs["atom_indices"]], dim=1)
    for (center_type, neighbor_type, l), block in zip(rows_of(pairs.keys), pairs.blocks(), strict=True):
        assert list(block.samples.names) == ["system", "first_atom", "second_atom", "pair"]
        assert list(block.properties.names) == ["n"]
        edges = block.samples.column("pair").long()
        assert edges.tolist() == sorted(edges.tolist())
        assert_close(types[i[edges]], torch.full_like(edges, center_type), 0)
        assert_close(types[j[edges]], torch.full_like(edges, neighbor_type), 0)
        expected = torch.cat([names[i[edges]], names[j[edges]][:, 1:], edges[:, None]], dim=1)
        assert rows_of(block.samples) == expected.tolist()
        target = expansion.block({"types_center": center_type, "angular_channel": l})
        place = {tuple(row): number for number, row in enumerate(rows_of(target.samples))}
        rows = torch.tensor([place[tuple(row[:2])] for row in rows_of(block.samples)])
        columns = torch.nonzero(target.properties.column("neighbor_types") == neighbor_type)[:, 0]
        sums[center_type, l][:, :, columns] = torch.zeros_like(target.values[:, :, columns]).index_add(
            0, rows, block.values
        )
    for (center_type, l), total in sums.items():
        target = expansion.block({"types_center": center_type, "angular_channel": l})
        assert_close(total.detach(), target.values.detach(), CLOSE)


def test_forward_has_a_block_of_all_columns_for_each_type(backend: str) -> None:
    graph, own = Graph(FRAMES), projection(backend=backend, species=[8, 6, 1])
    features = own(**graph.pairs)
    assert list(features.keys.names) == ["center_type"]
    assert rows_of(features.keys) == [[1], [6]]
    for (center_type,), block in zip(rows_of(features.keys), features.blocks(), strict=True):
        chosen = graph.pairs["species"] == center_type
        names = torch.stack([graph.pairs["structures"], graph.pairs["atom_indices"]], dim=1)
        assert list(block.samples.names) == ["system", "atom"]
        assert rows_of(block.samples) == names[chosen].tolist()
        assert block.components == []
        assert list(block.properties.names) == ["property"]
        assert rows_of(block.properties) == [[column] for column in range(own.shape)]
    hypers = {name: value for name, value in HYPERS.items() if name != "rotation_key"}
    module = AniSOAP(**{**hypers, "backend": backend}, types=[1, 6, 8])
    assert own.shape == module.num_features
    expected = System(FRAMES).features(module).detach()
    assert_close(dense(features, graph.pairs).detach(), expected, CLOSE)
    same = own.power_spectrum_feature_tensor_map(**graph.pairs)
    assert_close(dense(same, graph.pairs).detach(), expected, CLOSE)


def test_from_positions() -> None:
    crystal, graph, own = FRAMES[:1], Graph(FRAMES[:1]), projection()
    features = own.features_from_torch_state(**graph.particles, cell=graph.cell, shifts=graph.shifts)
    assert list(features.keys.names) == ["_"]
    assert rows_of(features.keys) == [[0]]
    (block,) = features.blocks()
    assert list(block.samples.names) == ["system", "atom"]
    assert rows_of(block.samples) == [[0, particle] for particle in range(len(crystal[0]))]
    assert list(block.properties.names) == ["property"]
    expected = dense(own(**graph.pairs), graph.pairs).detach()
    assert_close(block.values.detach(), expected, CLOSE)
    with_matrices = {**graph.particles, "orientation_quaternions": None, "rotations": graph.pairs["rotations"]}
    again = own.features_from_torch_state(**with_matrices, cell=graph.cell, shifts=graph.shifts)
    assert_close(again.block().values.detach(), expected, CLOSE)


def test_systems_and_names_are_optional() -> None:
    graph, own = Graph(open_frame()), projection()
    pairs = {**graph.pairs, "structures": None, "atom_indices": None}
    assert_close(dense(own(**pairs), pairs).detach(), dense(own(**graph.pairs), pairs).detach(), 0)
    assert rows_of(own.transform(**pairs).block(0).samples)[0][0] == 0
    named = {**pairs, "structures": torch.tensor([3, 3, 3]), "atom_indices": torch.tensor([7, 5, 6])}
    samples = sum((rows_of(block.samples) for block in own(**named).blocks()), [])
    assert sorted(samples) == [[3, 5], [3, 6], [3, 7]]


def test_features_as_a_tensor() -> None:
    graph, own = Graph(FRAMES), projection()
    features, samples = own.power_spectrum_features(**graph.pairs)
    assert list(samples.names) == ["type", "center"]
    names = torch.stack([graph.pairs["structures"], graph.pairs["atom_indices"]], dim=1)
    assert rows_of(samples) == names.tolist()
    expected = dense(own(**graph.pairs), graph.pairs).detach()
    assert_close(features.detach(), expected, CLOSE)

    backwards = metatensor_torch.Labels(["system", "atom"], names.flip(0).int())
    spectra = own.power_spectrum(**graph.pairs, mean_over_samples=False)
    of_map, same = own.power_spectrum_features_from_tensormap(spectra, target_samples=backwards)
    assert same == backwards
    assert_close(of_map.detach(), expected.flip(0), CLOSE)

    means, systems = own.power_spectrum_features(aggregate_by_system=True, **graph.pairs)
    assert list(systems.names) == ["system"]
    assert rows_of(systems) == [[0], [1], [2], [3]]
    assert_close(means.detach(), own.power_spectrum(**graph.pairs).detach(), 0)
    of_map, same = own.power_spectrum_features_from_tensormap(spectra, aggregate_by_system=True)
    assert same == systems
    assert_close(of_map.detach(), means.detach(), CLOSE)
    of_map, same = own.power_spectrum_features_from_tensormap(
        spectra, target_samples=backwards, aggregate_by_system=True
    )
    assert_close(of_map.detach(), means.detach(), CLOSE)


def test_a_center_without_neighbors() -> None:
    """A row of zeros in `forward`, no sample of the expansion, and no part of a mean."""
    graph, own = Graph(FRAMES[2:3]), projection()
    kept = graph.pairs["centers"] != 0
    pairs = {**graph.pairs, **{name: graph.pairs[name][kept] for name in ("R_ij", "centers", "neighbors")}}
    features = dense(own(**pairs), pairs)
    assert not features[0].any()
    assert features[1:].any(dim=1).all()
    present = {tuple(row) for block in own.transform(**pairs).blocks() for row in rows_of(block.samples)}
    assert present == {(0, 1), (0, 2), (0, 3)}
    alone = own.power_spectrum(**pairs)[0]
    of_type = [features[1:][graph.pairs["species"][1:] == center_type].sum(dim=0) for center_type in (1, 6)]
    counts = [int((graph.pairs["species"][1:] == center_type).sum()) for center_type in (1, 6)]
    expected = sum(one / count for one, count in zip(of_type, counts, strict=True))
    assert_close(alone.detach(), expected.detach(), CLOSE)


@pytest.mark.parametrize("species", [None, [1, 6]])
def test_no_pairs_at_all(species: Any) -> None:
    graph, own = Graph(FRAMES[2:3]), projection(species=species)
    pairs = {**graph.pairs, **{name: graph.pairs[name][:0] for name in ("R_ij", "centers", "neighbors")}}
    assert len(own.pairwise_expansion(**pairs)) == 0
    assert sum(len(block.samples) for block in own.transform(**pairs).blocks()) == 0
    assert not own.power_spectrum(**pairs).any()
    if species:
        assert dense(own(**pairs), pairs).shape == (4, own.shape)
        assert not dense(own(**pairs), pairs).any()


def test_vectors_are_taken_as_given() -> None:
    graph = Graph(FRAMES[2:3])
    far = {**graph.pairs, "R_ij": 3 * graph.pairs["R_ij"]}
    assert (far["R_ij"].norm(dim=1) > projection().cutoff_radius).any()
    hard, smooth = (dense(projection(cutoff_smoothing=width)(**far), far) for width in (None, 1.0))
    inside = far["R_ij"].norm(dim=1) < projection().cutoff_radius
    fewer = {**far, **{name: far[name][inside] for name in ("R_ij", "centers", "neighbors")}}
    assert not torch.allclose(hard, dense(projection()(**fewer), fewer))
    assert_close(smooth.detach(), dense(projection(cutoff_smoothing=1.0)(**fewer), fewer).detach(), CLOSE)


def test_float32(float32_backend: str) -> None:
    own = projection(backend=float32_backend, dtype=torch.float32)
    results = []
    for dtype in (torch.float32, torch.float64):
        graph = Graph(FRAMES, dtype)
        features = dense(own(**graph.pairs), graph.pairs)
        gradients = torch.autograd.grad(features.square().sum(), [graph.pairs["R_ij"]], create_graph=True)
        assert {one.dtype for one in (features, *gradients)} == {dtype}
        results.append([features.detach(), gradients[0].detach()])
    for single, double in zip(*results, strict=True):
        assert_close(single, double, TOLERANCES["float32"].reference)
    assert own.power_spectrum(FRAMES).dtype == torch.float32
    mixed = {**Graph(FRAMES).pairs, "R_ij": Graph(FRAMES).pairs["R_ij"].float()}
    assert own(**mixed).block(0).values.dtype == torch.float32


def test_attributes_state_pickle_and_copies() -> None:
    own, graph = projection(max_radial=1), Graph(open_frame())
    assert (own.max_angular, own.cutoff_radius, own.species, own.dtype) == (2, 3.5, [1, 6], torch.float64)
    assert own.num_ns == own.radial_basis.get_num_radial_functions() == [2, 2, 2]
    assert [one.shape[0] for one in own.sph_to_cart] == [1, 3, 5]
    assert (own.radial_basis_name, own.rotation_key, own.rotation_type) == ("gto", "c_q", "quaternion")
    assert own.shape == 2 * 3 * 4**2
    assert projection(species=None).shape is None
    assert "species=[1, 6]" in repr(own)
    assert list(own.state_dict()) == []
    assert list(own.parameters()) == []
    expected = dense(own(**graph.pairs), graph.pairs).detach()
    for twin in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert_close(dense(twin(**graph.pairs), graph.pairs).detach(), expected, 0)
    with pytest.raises(AttributeError):
        own.cutoff_radius = 4.0


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # torch.compile looks at it
def test_inside_other_modules() -> None:
    """`torch.compile` leaves it whole."""
    own, graph = projection(), Graph(open_frame())

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.descriptor = own

        def forward(self, graph: dict[str, Any]) -> Any:
            return sum(block.values.sum() for block in self.descriptor(**graph).blocks())

    compiled = torch.compile(Model(), backend="eager")(graph.pairs)
    assert_close(compiled.detach(), Model()(graph.pairs).detach(), CLOSE)
    compiled.backward()
    assert graph.pairs["R_ij"].grad.any()
