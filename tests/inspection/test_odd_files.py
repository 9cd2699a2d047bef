"""`anisoap_opt.check` of files that are odd: mixed, extreme, or nothing at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from scipy.spatial.transform import Rotation

import anisoap_opt
from anisoap_opt.columns import ANY_QUATERNION
from tests.folder.inputs import some_frames
from tests.frames_for_tests import calculator, random_frame
from tests.inspection.test_check import check, kinds, units


def test_a_size_that_nobody_asked_for_may_be_impossible() -> None:
    """A cut of the basis leaves no radial function for some of the sizes that are told by default."""
    impossible = {"max_angular": 6, "max_radial": None, "basis_rcond": 1e-3}
    report = anisoap_opt.check(some_frames(4), calculator(**impossible), measure_time=False)
    first, second = report.cost["sizes"]
    assert first["columns"] > 0
    assert second["columns"] is None
    assert "9, 6                   -" in str(report)
    with pytest.raises(ValueError, match="basis_rcond"):
        anisoap_opt.check(some_frames(4), calculator(**impossible), sizes=[(10, 6)], measure_time=False)


def hardly_turned(seed: int) -> Atoms:
    rng = np.random.default_rng(seed)
    frame = random_frame(seed, 20)
    frame.arrays["c_q"] = np.roll(Rotation.from_rotvec(0.05 * rng.normal(size=(20, 3))).as_quat(), 1, axis=1)
    return frame


def of_ovito(frame: Atoms, order: str = "xyzw") -> Atoms:
    """The same frame under OVITO's names."""
    frame = frame.copy()
    quaternions = frame.arrays.pop("c_q")
    frame.arrays["orientation"] = np.roll(quaternions, -1, axis=1) if order == "xyzw" else quaternions
    frame.arrays["aspherical_shape"] = np.stack([frame.arrays.pop(f"c_diameter[{k}]") for k in (1, 2, 3)], axis=1) / 2
    return frame


@pytest.mark.parametrize("apart", [False, True], ids=["in one file", "in two files"])
def test_both_orders_of_quaternions(apart: bool, tmp_path: Path) -> None:
    """Numbers are told of quaternions as they are meant, and each order is looked at by itself."""
    frames = [hardly_turned(seed) for seed in range(4)]
    alike = check(frames).quaternions["root_mean_square"]
    for order, expected in (("xyzw", []), ("wxyz", ["order of quaternions"])):
        parts = [frames[:2], [of_ovito(frame, order) for frame in frames[2:]]]
        whole = parts if apart else [[*parts[0], *parts[1]]]
        paths = [tmp_path / f"{k}.xyz" for k in range(len(whole))]
        for path, part in zip(paths, whole, strict=True):
            write(path, part, format="extxyz")
        report = check(paths, rotation_key=ANY_QUATERNION)
        assert report.quaternions["order"] == "mixed"
        assert kinds(report) == expected
        if expected:
            assert "some quaternions are read as (x, y, z, w)" in report.warnings[0].message
        else:
            assert report.quaternions["root_mean_square"] == pytest.approx(alike, abs=1e-6)
        assert "read as (w, x, y, z) and (x, y, z, w)" in str(report)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1.2e308])
def test_norms_may_be_extreme(size: float) -> None:
    frames = [units(frame) for frame in some_frames(6)]
    as_usual = check(frames).quaternions
    for frame in frames:
        frame.arrays["c_q"] *= size
    report = check(frames)
    assert kinds(report) == ["norms of quaternions"]
    assert report.quaternions["largest_norm"] == pytest.approx(size, rel=1e-12)
    assert report.quaternions["root_mean_square"] == pytest.approx(as_usual["root_mean_square"], rel=1e-12)
    np.testing.assert_allclose(np.linalg.norm(report.histograms["quaternions"], axis=1), 1, rtol=1e-12)
    json.dumps(report.as_dict(), allow_nan=False)


@pytest.mark.parametrize("size", [1e-300, 1e200])
def test_diameters_may_be_extreme(size: float) -> None:
    """Nothing overflows, in the report and in its plot."""
    pytest.importorskip("matplotlib")
    frame = units(random_frame(1, 6))
    frame.arrays["c_diameter[3]"] = np.full(6, size)
    report = check([frame])
    json.dumps(report.as_dict(), allow_nan=False)
    str(report)
    report.plot()


def test_what_is_no_calculator() -> None:
    with pytest.raises(TypeError, match="must be an EllipsoidalDensityProjection, got int: 3"):
        anisoap_opt.check([random_frame(1)], 3)
    pytest.importorskip("sklearn")
    from anisoap_opt.sklearn import AniSOAPTransformer

    transformer = AniSOAPTransformer(3, "gto", 5.0)
    with pytest.raises(TypeError, match="its calculator_ once it is fitted"):
        anisoap_opt.check([random_frame(1)], transformer)
