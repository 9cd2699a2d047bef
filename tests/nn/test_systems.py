"""Systems of metatomic: the same descriptor as of frames, with gradients, and what a system must have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
metatensor_torch = pytest.importorskip("metatensor.torch")
metatomic = pytest.importorskip("metatomic.torch", reason="metatomic-torch is missing: anisoap_opt[metatomic]")

from anisoap_opt.nn.neighbors import runs_of_centers  # noqa: E402
from tests.frames_for_tests import DIAMETERS, random_frame, rotations_of  # noqa: E402
from tests.nn.graphs import HYPERS, calculator, projection, rows_of  # noqa: E402
from tests.nn.systems import periodic_frames  # noqa: E402
from tests.tolerances import TOLERANCES, assert_close  # noqa: E402

FRAMES = [*periodic_frames(), random_frame(7, 4), random_frame(8, 1, types=(1,))]
CLOSE = TOLERANCES["float64"].invariance
CUTOFF = HYPERS["cutoff_radius"]


def per_atom(values: Any, *, backwards: bool = False) -> Any:
    """A map of one block with a row for each atom."""
    labels = [
        metatensor_torch.Labels([name], torch.arange(size, dtype=torch.int32)[:, None])
        for name, size in zip(("atom", "row", "column"), values.shape, strict=False)
    ]
    if backwards:
        labels[0] = metatensor_torch.Labels(["atom"], labels[0].values.flip(0))
    block = metatensor_torch.TensorBlock(values, labels[0], labels[1:-1], labels[-1])
    return metatensor_torch.TensorMap(metatensor_torch.Labels.single(), [block])


def data_of(frame: Any, dtype: torch.dtype = torch.float64) -> dict[str, Any]:
    """What a system must have besides, all of it: two of these four."""
    diameters = np.stack([frame.arrays[name] for name in DIAMETERS], axis=1)
    arrays = {
        "anisoap::rotations": rotations_of(frame).as_matrix(), "anisoap::quaternions": frame.arrays["c_q"],
        "anisoap::ellipsoid_lengths": diameters / 2, "anisoap::c_diameters": diameters,
    }  # fmt: skip
    return {name: torch.tensor(array, dtype=dtype) for name, array in arrays.items()}


USUAL = ("anisoap::quaternions", "anisoap::c_diameters")


def system(frame: Any, names: Any = USUAL, *, options: Any = None, **changes: Any) -> Any:
    """One system, whose list reaches further than the cutoff, as a list with a skin does."""
    dtype = changes.pop("dtype", torch.float64)
    periodic = torch.tensor(frame.pbc)
    cell = torch.tensor(frame.cell.array, dtype=dtype) * periodic[:, None]
    positions = torch.tensor(frame.positions, dtype=dtype, requires_grad=True)
    made = metatomic.System(torch.tensor(frame.numbers, dtype=torch.int32), positions, cell, periodic)
    wide = calculator(types=None, cutoff_radius=CUTOFF + 1.0, subtract_center_contribution=True)
    found = wide._neighborhoods([frame], None, keep_shifts=True)[1]
    rows = np.column_stack([np.repeat(*runs_of_centers(found)), found.pairs.j, found.shifts]).astype(np.int32)
    names_of_pairs = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    vectors = torch.tensor(found.pairs.r_ij * wide.radial_basis.length, dtype=dtype)
    xyz = metatensor_torch.Labels(["xyz"], torch.arange(3, dtype=torch.int32)[:, None])
    block = metatensor_torch.TensorBlock(
        vectors[:, :, None], metatensor_torch.Labels(names_of_pairs, torch.tensor(rows)), [xyz],
        metatensor_torch.Labels.range("distance", 1),
    )  # fmt: skip
    metatomic.register_autograd_neighbors(made, block, check_consistency=True)
    made.add_neighbor_list(projection().requested_neighbor_lists()[0] if options is None else options, block)
    data = data_of(frame, dtype)
    for name in names:
        made.add_data(name, per_atom(changes.get(name, data[name]), backwards=changes.get("backwards", False)))
    return made


def test_the_list_that_is_asked_for() -> None:
    (options,) = projection().requested_neighbor_lists()
    assert options.cutoff == CUTOFF
    assert options.full_list
    assert not options.strict


@pytest.mark.parametrize("subtract", [False, True])
@pytest.mark.parametrize("rotations", ["anisoap::rotations", "anisoap::quaternions"])
@pytest.mark.parametrize("sizes", ["anisoap::ellipsoid_lengths", "anisoap::c_diameters"])
def test_the_same_as_of_frames(rotations: str, sizes: str, subtract: bool) -> None:
    own = projection(subtract_center_contribution=subtract)
    systems = [system(frame, (rotations, sizes)) for frame in FRAMES]
    assert_close(own.power_spectrum(systems=systems).detach(), own.power_spectrum(FRAMES), CLOSE)
    ours, expected = own.transform(systems=systems), own.transform(FRAMES)
    assert rows_of(ours.keys) == rows_of(expected.keys)
    for one, other in zip(ours.blocks(), expected.blocks(), strict=True):
        assert one.samples == other.samples
        assert_close(one.values.detach(), other.values, CLOSE)


def test_features_and_pairs_of_systems() -> None:
    own, systems = projection(), [system(frame) for frame in FRAMES]
    for aggregate in (False, True):
        features, samples = own.power_spectrum_features(aggregate, systems=systems)
        expected, same = own.power_spectrum_features(aggregate, frames=FRAMES)
        assert samples == same
        assert_close(features.detach(), expected, CLOSE)
    counts = [sum(len(block.samples) for block in own.pairwise_expansion(**given).blocks()) for given in (
        {"systems": systems}, {"frames": FRAMES})]  # fmt: skip
    assert counts[0] == counts[1] > 0
    alone = own.power_spectrum(systems=systems[0])
    assert_close(alone.detach(), own.power_spectrum(FRAMES[:1]), CLOSE)


def test_gradients_reach_positions_and_data() -> None:
    frame, own = FRAMES[0], projection(cutoff_smoothing=1.0)
    quaternions, diameters = (data_of(frame)[name].requires_grad_() for name in USUAL)
    made = system(frame, **{USUAL[0]: quaternions, USUAL[1]: diameters})
    weights = torch.linspace(-1, 1, own.shape, dtype=torch.float64)
    variables = [made.positions, quaternions, diameters]
    gradients = torch.autograd.grad(own.power_spectrum(systems=[made])[0] @ weights, variables)

    def energy(name: str, atom: int, column: int, step: float) -> float:
        moved = frame.copy()
        {"x": moved.positions, "q": moved.arrays["c_q"]}[name][atom, column] += step
        return float(own.power_spectrum([moved])[0] @ weights)

    for atom in range(len(frame)):
        for name, gradient in (("x", gradients[0]), ("q", gradients[1])):
            numeric = [
                (energy(name, atom, column, 1e-5) - energy(name, atom, column, -1e-5)) / 2e-5
                for column in range(gradient.shape[1])
            ]
            assert np.abs(gradient[atom].numpy() - numeric).max() < 1e-6 * float(gradient.abs().max()), name
    assert gradients[2].any()


def test_float32_systems() -> None:
    assert projection().power_spectrum(systems=[system(FRAMES[0], dtype=torch.float32)]).dtype == torch.float32


BAD: dict[str, Any] = {
    "no systems": (list, "at least one system"),
    "no rotations": (
        lambda: [system(FRAMES[2]), system(FRAMES[3], USUAL[1:])],
        "system 1 has neither anisoap::rotations nor anisoap::quaternions; its data are: anisoap::c_diameters",
    ),
    "both rotations": (
        lambda: [system(FRAMES[2], ("anisoap::rotations", *USUAL))],
        "system 0 has both anisoap::rotations and anisoap::quaternions",
    ),
    "no sizes": (lambda: [system(FRAMES[2], USUAL[:1])], "system 0 has neither anisoap::ellipsoid_lengths nor"),
    "shape": (
        lambda: [system(FRAMES[2], **{USUAL[0]: torch.ones(4, 3, dtype=torch.float64)})],
        r"system 0: anisoap::quaternions must have the shape \[4, 4\], got \[4, 3\]",
    ),
    "zero": (
        lambda: [system(FRAMES[2], **{USUAL[0]: torch.zeros(4, 4, dtype=torch.float64)})],
        "system 0: anisoap::quaternions must not be zero",
    ),
    "negative": (
        lambda: [system(FRAMES[2], **{USUAL[1]: -torch.ones(4, 3, dtype=torch.float64)})],
        "ellipsoid_lengths must be greater than 0",
    ),
    "order": (
        lambda: [system(FRAMES[2], backwards=True)],
        "system 0: anisoap::quaternions must have the atoms in their order",
    ),
    "list": (
        lambda: [system(FRAMES[2], options=metatomic.NeighborListOptions(9.0, full_list=True, strict=True))],
        r"system 0 lacks the neighbour list .*cutoff=3\.5.* it has: .*cutoff=9",
    ),
    "dtypes": (
        lambda: [system(FRAMES[2]), system(FRAMES[2], dtype=torch.float32)],
        "system 1: positions must be torch.float64 on cpu as those of system 0, got torch.float32",
    ),
    "types": (
        lambda: [system(random_frame(1, 2, types=(1, 8)))],
        r"species holds \[8\], and the module was made for \[1, 6\]",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_systems(what: str) -> None:
    make, message = BAD[what]
    with pytest.raises(ValueError, match=message):
        projection().power_spectrum(systems=make())
