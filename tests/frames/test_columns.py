"""Which arrays of a frame are taken for rotations and sizes, and what a caller may say about them."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from anisoap_opt.columns import ANY_QUATERNION, Columns
from anisoap_opt.frames import ParticleBatch
from tests.frames_for_tests import DIAMETERS, calculator, mixed_frames, random_frame, rotations_of


def batches_agree(frames: list[Atoms], wanted: list[Atoms], **arguments: Any) -> None:
    """The frames, read with the arguments, hold the rotations and sizes of the others, read by canonical names."""
    found, expected = ParticleBatch.from_frames(frames, **arguments), ParticleBatch.from_frames(wanted, "c_q")
    np.testing.assert_allclose(found.rotations, expected.rotations, atol=1e-14)
    np.testing.assert_allclose(found.semiaxes, expected.semiaxes, rtol=1e-15)


def renamed(change: Callable[[dict[str, Any]], None], frames: list[Atoms] | None = None) -> list[Atoms]:
    frames = mixed_frames() if frames is None else frames
    for frame in frames:
        change(frame.arrays)
    return frames


def xyzw(arrays: dict[str, Any]) -> Any:
    return np.roll(arrays.pop("c_q"), -1, axis=1)


def sizes(arrays: dict[str, Any]) -> Any:
    return np.stack([arrays.pop(name) for name in DIAMETERS], axis=1)


def to_ovito(arrays: dict[str, Any]) -> None:
    arrays["orientation"], arrays["aspherical_shape"] = xyzw(arrays), sizes(arrays) / 2


def to_dump(arrays: dict[str, Any]) -> None:
    arrays["quaternions"] = arrays.pop("c_q")
    for column, name in zip(sizes(arrays).T, ("c_shape[1]", "c_shape[2]", "c_shape[3]"), strict=True):
        arrays[name] = column


def to_columns(arrays: dict[str, Any], key: str, form: str) -> None:
    for number, column in enumerate(arrays.pop("c_q").T, 1):
        arrays[form.format(key, number)] = column


@pytest.mark.parametrize("name", ["quaternion", "c_q", "quaternions"])
def test_usual_names_of_quaternions(name: str) -> None:
    batches_agree(renamed(lambda arrays: arrays.update({name: arrays.pop("c_q")})), mixed_frames())


def test_what_ovito_writes() -> None:
    batches_agree(renamed(to_ovito), mixed_frames())
    batches_agree(renamed(to_ovito), mixed_frames(), rotation_key="orientation", diameter_key="aspherical_shape")


@pytest.mark.parametrize("rotation_key", [ANY_QUATERNION, "c_q", "quaternions"])
def test_what_ase_makes_of_a_dump(rotation_key: str) -> None:
    batches_agree(renamed(to_dump), mixed_frames(), rotation_key=rotation_key)
    batches_agree(renamed(to_dump), mixed_frames(), rotation_key=rotation_key, diameter_key="c_shape")


@pytest.mark.parametrize("form", ["{}[{}]", "{}{}"])
@pytest.mark.parametrize("key", ["c_q", "c_orient"])
def test_columns_of_quaternions(key: str, form: str) -> None:
    frames = renamed(lambda arrays: to_columns(arrays, key, form))
    batches_agree(frames, mixed_frames(), rotation_key=key)


@pytest.mark.parametrize("key", ["c_size", "c_shape"])
@pytest.mark.parametrize("form", ["{}[{}]", "{}{}", "{}"])
def test_names_of_diameters(key: str, form: str) -> None:
    def change(arrays: dict[str, Any]) -> None:
        rows = sizes(arrays)
        for number in (1, 2, 3):
            arrays[form.format(key, number)] = rows if form == "{}" else rows[:, number - 1]

    batches_agree(renamed(change), mixed_frames(), diameter_key=key)


@pytest.mark.parametrize("form", ["{}[{}]", "{}{}", "{}"])
def test_matrices_in_nine_columns(form: str) -> None:
    def change(arrays: dict[str, Any]) -> None:
        rows = arrays.pop("matrices").reshape(-1, 9)  # the first row of the matrix first
        for number in range(1, 10):
            arrays[form.format("c_R", number)] = rows if form == "{}" else rows[:, number - 1]

    frames = mixed_frames()
    for frame in frames:
        frame.arrays["matrices"] = rotations_of(frame).as_matrix()
    batches_agree(renamed(change, frames), mixed_frames(), rotation_key="c_R", rotation_type="matrix")


def test_matrices_of_both_shapes_in_one_list() -> None:
    frames = mixed_frames()
    for number, frame in enumerate(frames):
        matrices = rotations_of(frame).as_matrix()
        frame.arrays["R"] = matrices if number % 2 else matrices.reshape(-1, 9)
    batches_agree(frames, mixed_frames(), rotation_key="R", rotation_type="matrix")


def test_quaternions_that_end_with_w() -> None:
    frames = renamed(lambda arrays: arrays.update(c_q=xyzw(arrays)))
    batches_agree(frames, mixed_frames(), quaternion_order="xyzw")
    batches_agree(mixed_frames(), mixed_frames(), quaternion_order="wxyz")


def test_a_given_order_holds_for_any_name() -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["orientation"], arrays["aspherical_shape"] = arrays.pop("c_q"), sizes(arrays) / 2

    batches_agree(renamed(change), mixed_frames(), quaternion_order="wxyz")


def test_orientation_alone_needs_an_order() -> None:
    frames = renamed(lambda arrays: arrays.update(orientation=arrays.pop("c_q")))
    with pytest.raises(ValueError, match="frame 0: array 'orientation' .*'xyzw'.*'wxyz'.*quaternion_order="):
        ParticleBatch.from_frames(frames, "orientation")
    with pytest.raises(ValueError, match="frame 0 has no array 'quaternion' or 'c_q'.*'orientation'.*rotation_key="):
        ParticleBatch.from_frames(frames)
    batches_agree(frames, mixed_frames(), rotation_key="orientation", quaternion_order="wxyz")


def test_all_kinds_of_frames_in_one_list() -> None:
    """Some frames of each kind, an empty one and a canonical one: errors still say which frame of the list it is."""
    frames, wanted = [*mixed_frames(), Atoms(), random_frame(9, 3)], [*mixed_frames(), Atoms(), random_frame(9, 3)]
    renamed(to_ovito, frames[1:3])
    renamed(to_dump, frames[3:4])
    batches_agree(frames, wanted)
    frames[2].arrays["aspherical_shape"][4, 1] = -1
    with pytest.raises(ValueError, match="frame 2, particle 4: 'aspherical_shape' must be finite and greater than 0"):
        ParticleBatch.from_frames(frames)
    frames[3].arrays["quaternions"][1] = 0
    with pytest.raises(ValueError, match="frame 3, particle 1: 'quaternions' must be a finite quaternion"):
        ParticleBatch.from_frames(frames)
    frames[3].arrays["quaternions"][1] = 1
    del frames[6].arrays["c_q"]
    with pytest.raises(ValueError, match="frame 6 has no array 'quaternion' or 'c_q'; its arrays are 'c_diameter"):
        ParticleBatch.from_frames(frames)


def test_errors_name_all_columns_of_a_quaternion() -> None:
    frames = renamed(lambda arrays: to_columns(arrays, "c_q", "{}[{}]"))
    for number in range(1, 5):
        frames[2].arrays[f"c_q[{number}]"][3] = 0
    with pytest.raises(ValueError, match=r"frame 2, particle 3: 'c_q\[1\]' … 'c_q\[4\]' must be a finite quaternion"):
        ParticleBatch.from_frames(frames)


def test_a_column_that_is_missing() -> None:
    frames = renamed(to_dump)
    del frames[3].arrays["c_shape[2]"]
    with pytest.raises(ValueError, match=r"frame 3 has no array 'c_shape\[2\]'; its arrays are 'c_shape\[1\]'"):
        ParticleBatch.from_frames(frames)


def test_columns_with_an_axis_too_many() -> None:
    """As ASE before 3.26 reads them from a dump."""
    frames = renamed(lambda arrays: arrays.update({name: arrays[name][:, None] for name in DIAMETERS}))
    batches_agree(frames, mixed_frames())
    frames[1].arrays["c_diameter[2]"] = frames[1].arrays["c_diameter[2]"][:, 0]
    batches_agree(frames, mixed_frames())
    frames[2].arrays["c_diameter[3]"][4] = -1
    with pytest.raises(ValueError, match=r"frame 2, particle 4: 'c_diameter\[3\]' .* got -1.0"):
        ParticleBatch.from_frames(frames)


def test_a_frame_with_two_warns_once_a_call_and_says_which() -> None:
    frames = mixed_frames()
    for frame in frames[2:]:
        frame.arrays["quaternion"] = np.roll(frame.arrays["c_q"], 1, axis=0)
        frame.arrays["aspherical_shape"] = np.ones((len(frame), 3))
    projection = calculator(rotation_key=ANY_QUATERNION)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            features = projection.power_spectrum(frames)
        assert sorted(str(one.message) for one in caught) == [
            "frame 2 has rotations in 'quaternion' and 'c_q': took 'quaternion'; rotation_key= chooses",
            "frame 2 has sizes in 'c_diameter[1]' … 'c_diameter[3]' and 'aspherical_shape': took "
            "'c_diameter[1]' … 'c_diameter[3]'; diameter_key= chooses",
        ]
        assert {one.filename for one in caught} == {__file__}
    for frame in frames[2:]:
        frame.arrays["c_q"] = frame.arrays.pop("quaternion")
        del frame.arrays["aspherical_shape"]
    np.testing.assert_array_equal(features, projection.power_spectrum(frames))


def test_a_name_that_was_asked_for_is_taken_without_a_word() -> None:
    frames = renamed(lambda arrays: arrays.update(quaternion=np.roll(arrays["c_q"], 1, axis=0)))
    batches_agree(frames, mixed_frames(), rotation_key="c_q", diameter_key="c_diameter")
    batches_agree(frames, renamed(lambda a: a.update(c_q=np.roll(a["c_q"], 1, axis=0))), rotation_key="quaternion")


def test_quaternion_as_a_word_is_that_name_only() -> None:
    """What was found in frames for the default must not serve the word, though both are equal, nor the reverse."""
    for _ in range(2):
        ParticleBatch.from_frames(mixed_frames(), ANY_QUATERNION)
        with pytest.raises(ValueError, match="frame 0 has no array 'quaternion'; its arrays"):
            ParticleBatch.from_frames(mixed_frames(), "quaternion")


def test_the_default_survives_copies_and_goes_on_to_other_calculators() -> None:
    projection = calculator(rotation_key=ANY_QUATERNION)
    copies = copy.deepcopy(projection), pickle.loads(pickle.dumps(projection))
    for other in (*copies, calculator(rotation_key=projection.rotation_key)):
        assert other.power_spectrum(mixed_frames()).size
        assert other.rotation_key == "quaternion"


def test_frames_with_the_same_number_of_other_arrays() -> None:
    """The quick look at the names of all frames' arrays is not taken in by their number."""
    frames = [random_frame(seed, 3) for seed in range(3)]
    for frame in frames[:2]:
        frame.arrays["tag"] = np.zeros(3)
    frames[2].arrays["quaternion"] = frames[2].arrays["c_q"]
    with pytest.warns(UserWarning, match="frame 2 has rotations in 'quaternion' and 'c_q'"):
        ParticleBatch.from_frames(frames)


def test_arrays_in_another_order_and_arrays_of_no_concern() -> None:
    """Frames differ in the order of their arrays, then in what else they hold: neither matters."""
    frames = mixed_frames()
    for frame in frames:
        frame.arrays["quaternion"] = np.roll(frame.arrays["c_q"], 1, axis=1)
    frames[1].arrays = dict(reversed(frames[1].arrays.items()))
    wanted = renamed(lambda arrays: arrays.update(c_q=np.roll(arrays["c_q"], 1, axis=1)))
    for extra in (False, True):
        if extra:
            frames[3].arrays["tag"] = np.zeros(len(frames[3]))
        with pytest.warns(UserWarning, match="frame 0 has rotations in"):
            batches_agree(frames, wanted)
        batches_agree(frames, mixed_frames(), rotation_key="c_q")
    renamed(lambda arrays: arrays.pop("quaternion"), frames)
    batches_agree(frames, mixed_frames())


def test_cells_in_fortran_order() -> None:
    frames = [random_frame(seed, 2, cell=np.array([[4, 1, 0], [0, 4, 1], [0, 0, 4.0]]), pbc=True) for seed in range(3)]
    cells = ParticleBatch.from_frames(frames).cells
    frames[1].cell.array = np.asfortranarray(frames[1].cell.array)
    np.testing.assert_array_equal(ParticleBatch.from_frames(frames).cells, cells)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"quaternion_order": "zyxw"}, ValueError, "quaternion_order must be one of 'wxyz', 'xyzw'"),
        ({"quaternion_order": "xyzw", "rotation_type": "matrix"}, ValueError, "quaternion_order is for quaternions"),
        ({"diameter_key": 3}, TypeError, "diameter_key must be the name of an array"),
        ({"diameters": (1, 2, 3), "diameter_key": "size"}, ValueError, "leave out diameter_key"),
        ({"diameters": (1, 2)}, TypeError, "diameters must be three lengths"),
        ({"diameters": 3.0}, TypeError, "diameters must be three lengths"),
        ({"diameters": "123"}, TypeError, "diameters must be three lengths"),
        ({"diameters": (1, 2, 0)}, ValueError, "diameters must be finite and greater than 0 Å"),
        ({"diameters": (1, 2, "3")}, TypeError, "diameters must be a number"),
    ],
    ids=str,
)
def test_arguments_that_make_no_sense(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        calculator(**arguments)
    with pytest.raises(error, match=message):
        Columns(**arguments)


def test_sizes_that_an_array_would_give_are_not_looked_at() -> None:
    frames = renamed(lambda arrays: arrays.update({"c_diameter[1]": np.full(len(arrays["c_q"]), np.nan)}))
    semiaxes = ParticleBatch.from_frames(frames, diameters=[4, 2, 1]).semiaxes
    np.testing.assert_array_equal(semiaxes, np.tile([2.0, 1.0, 0.5], (15, 1)))
