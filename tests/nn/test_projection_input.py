"""What `anisoap_opt.nn.EllipsoidalDensityProjection` refuses, and what it says; what is imported when."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch")
metatensor_torch = pytest.importorskip("metatensor.torch")

from tests.frames_for_tests import TRICLINIC, random_frame  # noqa: E402
from tests.nn.graphs import Graph, projection  # noqa: E402
from tests.nn.systems import open_frame  # noqa: E402


def ones(*shape: int) -> Any:
    return torch.ones(shape, dtype=torch.float64)


BAD: list[tuple[str, Any, type[Exception], str]] = [
    ("R_ij", ones(9, 2), ValueError, r"R_ij must have the shape \[9, 3\], got \[9, 2\]"),
    ("R_ij", torch.ones(9, 3).long(), TypeError, "R_ij must hold float64 or float32, got Tensor of torch.int64"),
    ("R_ij", torch.nan * ones(9, 3), ValueError, "R_ij must be finite"),
    ("R_ij", None, ValueError, "or a graph, which lacks R_ij"),
    ("centers", torch.zeros(8).long(), ValueError, r"neighbors must have the shape \[8\]"),
    ("centers", torch.zeros(9), TypeError, "centers must hold integers, got Tensor of torch.float32"),
    ("neighbors", torch.full((9,), 3), ValueError, "neighbors must be particles from 0 to 2, got 3 to 3"),
    ("centers", torch.full((9,), -1), ValueError, "centers must be particles from 0 to 2, got -1 to -1"),
    ("species", torch.tensor([1, 6, 8]), ValueError, r"species holds \[8\], and the module was made for \[1, 6\]"),
    ("species", torch.tensor([1, 6]), ValueError, "must be particles from 0 to 1"),
    ("species", torch.tensor([1, 6, -1]), ValueError, "species must be from 0"),
    ("rotations", ones(3, 4), ValueError, r"rotations must have the shape \[3, 3, 3\]"),
    ("rotations", ones(3, 3, 3), ValueError, "rotations must be orthogonal matrices"),
    ("rotations", -torch.eye(3).repeat(3, 1, 1), ValueError, "not reflections"),
    ("ellipsoid_lengths", ones(3), ValueError, r"ellipsoid_lengths must have the shape \[3, 3\]"),
    ("ellipsoid_lengths", 0 * ones(3, 3), ValueError, "ellipsoid_lengths must be greater than 0"),
    ("structures", torch.tensor([0, 1]), ValueError, r"structures must have the shape \[3\]"),
    ("structures", torch.tensor([0, -1, 0]), ValueError, "structures must be from 0"),
    ("atom_indices", torch.tensor([0, 1, 1]), ValueError, "structures and atom_indices must together be different"),
    ("normalize", 1, TypeError, "normalize must be True or False"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD, ids=[f"{one[0]}-{one[3][:30]}" for one in BAD])
def test_bad_graph(name: str, value: Any, error: type[Exception], message: str) -> None:
    graph = {**Graph(open_frame()).pairs, name: value}
    assert len(graph["neighbors"]) == 9
    with pytest.raises(error, match=message):
        projection()(**graph)


BAD_STATES: list[tuple[dict[str, Any], str]] = [
    ({"positions": ones(3, 2)}, r"positions must have the shape \[3, 3\]"),
    ({"orientation_quaternions": None}, "one of orientation_quaternions and rotations"),
    ({"rotations": torch.eye(3).repeat(3, 1, 1)}, "one of orientation_quaternions and rotations"),
    ({"orientation_quaternions": 0 * ones(3, 4)}, "orientation_quaternions must not be zero"),
    ({"orientation_quaternions": ones(3, 3)}, r"orientation_quaternions must have the shape \[3, 4\]"),
    ({"shifts": ones(9, 3)}, "shifts without cell"),
    ({"shifts": ones(8, 3), "cell": ones(3, 3)}, r"shifts must have the shape \[9, 3\]"),
    ({"shifts": ones(9, 3), "cell": ones(1, 3, 3)}, r"cell must have the shape \[3, 3\]"),
    ({"neighbors": torch.full((9,), 3)}, "neighbors must be particles from 0 to 2"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_STATES, ids=[one[1][:30] for one in BAD_STATES])
def test_bad_state(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        projection().features_from_torch_state(**{**Graph(open_frame()).particles, **changes})


def test_positions_must_be_a_tensor() -> None:
    state = {**Graph(open_frame()).particles, "positions": [[0.0, 0.0, 0.0]] * 3}
    with pytest.raises(TypeError, match="positions must be a tensor of float64 or float32, got list"):
        projection().features_from_torch_state(**state)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"compute_gradients": True}, NotImplementedError, "derivatives are those of torch.autograd"),
        ({"dtype": torch.float16}, TypeError, "dtype must be torch.float64 or torch.float32"),
        ({"species": []}, ValueError, "species must name at least one"),
        ({"radial_gaussian_width": None}, ValueError, "radial_gaussian_width"),
        ({"rotation_type": "euler"}, ValueError, "rotation_type"),
        ({"radial_basis_name": "bessel"}, NotImplementedError, "bessel"),
        ({"cutoff_smoothing": 9.0}, ValueError, "cutoff_smoothing must be at most"),
    ],
)
def test_bad_constructor(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        projection(**changes)


def test_integers_are_lengths_too() -> None:
    assert projection(cutoff_radius=4, radial_gaussian_width=2).cutoff_radius == 4.0


def test_one_input_only() -> None:
    frames, own = open_frame(), projection()
    with pytest.raises(ValueError, match="one of frames=, systems= and a graph"):
        own.transform(frames, **Graph(frames).pairs)
    with pytest.raises(ValueError, match="give frames=, systems= or a graph, which lacks R_ij, centers"):
        own.transform()
    with pytest.raises(TypeError, match="rust_moments"):
        own.transform(frames, rust_moments=True)


def test_forward_needs_species() -> None:
    with pytest.raises(ValueError, match="forward needs the constructor's species="):
        projection(species=None)(**Graph(open_frame()).pairs)


def test_bad_frames_are_named() -> None:
    frame = random_frame(1, 2, cell=TRICLINIC, pbc=True)
    del frame.arrays["c_q"]
    with pytest.raises(ValueError, match="frame 0 has no array 'c_q'"):
        projection().transform([frame])


def test_samples_that_do_not_fit() -> None:
    own = projection()
    spectra = own.power_spectrum(**Graph(open_frame()).pairs, mean_over_samples=False)
    labels = metatensor_torch.Labels
    features = own.power_spectrum_features_from_tensormap
    with pytest.raises(ValueError, match=r"target_samples lacks the sample \[0, 1\]"):
        features(spectra, target_samples=labels(["system", "atom"], torch.tensor([[0, 0], [0, 2]])))
    with pytest.raises(ValueError, match="target_samples must have 2 names"):
        features(spectra, target_samples=labels(["atom"], torch.tensor([[0], [1], [2]])))
    with pytest.raises(ValueError, match="nu2 has no blocks"):
        features(metatensor_torch.TensorMap(labels(["key"], torch.zeros((0, 1), dtype=torch.int32)), []))
    renamed = [
        metatensor_torch.TensorBlock(
            block.values, labels(["frame", "center"], block.samples.values), block.components, block.properties
        )
        for block in spectra.blocks()
    ]
    with pytest.raises(ValueError, match="samples with the name 'system' or 'type'"):
        features(metatensor_torch.TensorMap(spectra.keys, renamed), aggregate_by_system=True)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "metatomic.torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'anisoap_opt\[metatomic\]'"):
        projection().requested_neighbor_lists()
    monkeypatch.setitem(sys.modules, "metatensor.torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'anisoap_opt\[torch\]'"):
        projection()(**Graph(open_frame()).pairs)


def test_importing_and_making_it_loads_neither_metatensor_nor_metatomic() -> None:
    code = (
        "import sys; from anisoap_opt.nn import EllipsoidalDensityProjection as E\n"
        "E(2, 'gto', 5.0, radial_gaussian_width=1.5, species=[1])\n"
        "print([name for name in sys.modules if name.startswith(('metatensor', 'metatomic'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
