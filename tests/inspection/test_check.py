"""`anisoap_opt.check`: what a report says, and what it says nothing about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.neighborlist import neighbor_list

import anisoap_opt
from anisoap_opt import ParticleBatch
from anisoap_opt.inspection import distances, walk
from anisoap_opt.inspection.report import Report
from tests.folder.inputs import some_frames, write_frames
from tests.frames_for_tests import DIAMETERS, TRICLINIC, calculator, random_frame

ROOT = Path(__file__).parents[2]
INPUTS = ROOT / "tests" / "data" / "inputs"
DATA = sorted((ROOT / "data").glob("*.xyz"))
SIZES = [(2, None)]


def check(frames: Any, **changes: Any) -> Report:
    return anisoap_opt.check(frames, calculator(**changes), sizes=SIZES, measure_time=False)


def kinds(report: Any) -> list[str]:
    return [one.kind for one in report.warnings]


def units(frame: Atoms) -> Atoms:
    """The frame with quaternions of norm 1."""
    frame.arrays["c_q"] = frame.arrays["c_q"] / np.linalg.norm(frame.arrays["c_q"], axis=1, keepdims=True)
    return frame


def spheres(frame: Atoms, diameter: float = 1.0) -> Atoms:
    frame.arrays["c_q"] = np.tile([1.0, 0, 0, 0], (len(frame), 1))
    for name in DIAMETERS:
        frame.arrays[name] = np.full(len(frame), diameter)
    return frame


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.name)
def test_the_data_of_this_project_are_fine(path: Path) -> None:
    report = anisoap_opt.check(path, measure_time=False)
    assert report.ok
    assert kinds(report) == []
    assert report.frames["number"] == 200


@pytest.mark.parametrize("name", ["canonical.xyz", "unescaped.xyz", "ovito.xyz", "dump.lammpstrj"])
def test_files_of_other_programs(name: str) -> None:
    report = anisoap_opt.check(INPUTS / name, measure_time=False)
    assert report.ok
    assert kinds(report) == []
    assert report.frames["particles"] == 6
    assert report.quaternions["order"] == ("xyzw" if name == "ovito.xyz" else "wxyz")
    assert report.distances["mean_nearest"] == pytest.approx(
        anisoap_opt.check(INPUTS / "canonical.xyz", measure_time=False).distances["mean_nearest"], abs=1e-5
    )


def test_distances_are_those_of_ase() -> None:
    frames = [random_frame(seed, 4, cell=TRICLINIC, pbc=True) for seed in range(3)]
    found = check(frames).distances
    i, d = (np.concatenate(parts) for parts in zip(*(_pairs(k, one) for k, one in enumerate(frames)), strict=True))
    counts = np.bincount(i)
    assert (found["fewest_neighbors"], found["most_neighbors"]) == (counts.min(), counts.max())
    assert found["mean_neighbors"] == counts.mean()
    assert found["mean_distance"] == pytest.approx(d.mean(), rel=1e-12)
    assert found["mean_nearest"] == pytest.approx(np.mean([d[i == k].min() for k in range(12)]), rel=1e-12)
    assert found["least_nearest"] == pytest.approx(d.min(), rel=1e-12)


def _pairs(k: int, frame: Atoms) -> tuple[np.ndarray, np.ndarray]:
    i, d = neighbor_list("id", frame, 5.0)
    return i + 4 * k, d


def test_particles_types_and_diameters() -> None:
    frames = [random_frame(1, 3, types=(1,)), random_frame(2, 5, types=(6,))]
    report = check(frames)
    assert report.frames == {
        "files": [], "number": 2, "refused": 0, "looked_at_closely": 2, "particles": 8,
        "fewest_particles": 3, "most_particles": 5,
    }  # fmt: skip
    assert [(one["type"], one["symbol"], one["particles"]) for one in report.types] == [(1, "H", 3), (6, "C", 5)]
    sizes = np.array([frames[1].arrays[name] for name in DIAMETERS])
    assert report.types[1]["least_diameters"] == sizes.min(axis=1).tolist()
    np.testing.assert_allclose(report.types[1]["mean_diameters"], sizes.mean(axis=1), rtol=1e-14)
    assert report.diameters["largest_aspect_ratio"] == pytest.approx(
        max((a.max(axis=0) / a.min(axis=0)).max() for a in (np.array([f.arrays[n] for n in DIAMETERS]) for f in frames))
    )


def test_norms() -> None:
    frame = random_frame(1, 4)
    report = check([frame])
    norms = np.linalg.norm(frame.arrays["c_q"], axis=1)
    found = [report.quaternions[name] for name in ("least_norm", "largest_norm")]
    np.testing.assert_allclose(found, [norms.min(), norms.max()], rtol=1e-15)
    assert kinds(report) == ["norms of quaternions"]
    assert kinds(check([units(frame)])) == []


def test_order(tmp_path: Path) -> None:
    """A file of nearly unturned bodies, w last; told the order, there is nothing to say."""
    frames = some_frames(12)
    for frame in frames:
        frame.arrays["c_q"] = np.tile([0.02, 0.0, 0.05, 1.0], (len(frame), 1)) / np.linalg.norm([0.02, 0.05, 1.0])
    path = write_frames(tmp_path / "frames.xyz", frames)
    report = check(path)
    assert kinds(report) == ["order of quaternions"]
    assert "quaternion_order=xyzw" in report.warnings[0].message
    assert report.ok
    assert kinds(check(path, quaternion_order="xyzw")) == []


def test_centres_without_neighbours() -> None:
    frames = [spheres(Atoms("CH", [[0, 0, 0], [0, 0, 9.0]])), spheres(Atoms("C", [[0, 0, 0]]))]
    report = check(frames)
    assert kinds(report) == ["no neighbours"]
    assert report.distances["without_neighbors"] == 2  # one particle alone has none to miss
    assert "the shortest distance is 9 Å" in report.warnings[0].message
    assert kinds(check(frames, cutoff_radius=9.5)) == []


def test_on_top_of_each_other(tmp_path: Path) -> None:
    frames = [units(frame) for frame in some_frames(5)]
    frames[3].positions[1] = frames[3].positions[0]
    report = check(write_frames(tmp_path / "frames.xyz", frames))
    assert kinds(report) == ["on top of each other"]
    assert report.distances["pairs_on_top_of_each_other"] == 1
    assert "1 pair of particles is closer" in report.warnings[0].message
    assert "frames.xyz, frame 3, particle 0" in report.warnings[0].message


def test_pairs_at_the_cutoff() -> None:
    crystal = spheres(bulk("Cu", a=5.0, cubic=True))
    assert kinds(check([crystal])) == ["at the cutoff"]
    assert check([crystal]).distances["pairs_at_the_cutoff"] == 4 * 6 // 2
    assert kinds(check([crystal], cutoff_radius=5.1)) == []


def test_wider_than_the_cutoff() -> None:
    frame = spheres(Atoms("CH", [[0, 0, 0], [0, 0, 3.0]]), 6.0)
    assert kinds(check([frame])) == ["wider than the cutoff"]
    assert kinds(check([frame], cutoff_radius=6.5)) == []


def test_contacts() -> None:
    frame = spheres(Atoms("CHC", [[0, 0, 0], [0, 0, 1.5], [0, 4.0, 0]]), 2.0)
    found = check([frame]).distances
    assert found["overlapping_centers"] == 2
    assert found["mean_contact_of_nearest"] == pytest.approx(2.0)
    assert found["least_distance_over_contact"] == pytest.approx(0.75)


def test_cells() -> None:
    frames = [random_frame(1, 2, cell=np.diag([4.0, 20, 20]), pbc=pbc) for pbc in (True, (False, True, True), False)]
    assert check(frames).cells == {"periodic_frames": 2, "least_height": pytest.approx(4.0), "narrower_than_cutoff": 1}


def test_bad_frames_are_named_and_the_others_counted(tmp_path: Path) -> None:
    frames = [units(frame) for frame in some_frames(6)]
    frames[1].arrays["c_q"][0] = 0.0
    frames[4].arrays["c_diameter[2]"][1] = -1.0
    frames[5].cell = np.diag([1e-3, 1e-3, 1e-3])
    path = write_frames(tmp_path / "frames.xyz", frames)
    report = check(path)
    assert not report.ok
    assert [one.frame for one in report.refused] == [1, 4, 5]
    first, second, third = (one.reason for one in report.refused)
    assert f"frames.xyz, line {len(frames[0]) + 3 + 2}: frame 1, particle 0: 'c_q'" in first
    assert "'c_diameter[2]'" in second
    assert "(frame 5): the cutoff reaches" in third
    assert report.frames["number"] == 6
    assert report.frames["particles"] == sum(len(frames[k]) for k in (0, 2, 3))
    in_memory = check(frames)
    assert [one.frame for one in in_memory.refused] == [1, 4, 5]
    assert in_memory.refused[2].reason.startswith("frame 5: the cutoff reaches")
    assert in_memory.distances == report.distances


def test_a_type_that_is_not_wanted_is_refused() -> None:
    report = check(some_frames(3, types=(1, 8)), types=[1, 6])
    assert [one.frame for one in report.refused] == [0, 1, 2]
    assert "not in types" in report.refused[0].reason


def test_a_file_that_nobody_can_read(tmp_path: Path) -> None:
    path = tmp_path / "frames.xyz"
    path.write_text("three\n\nH 0 0 0\n")
    report = check(path)
    assert [one.frame for one in report.refused] == [None]
    assert str(path) in report.refused[0].reason
    assert "not all frames" in str(report)
    json.dumps(report.as_dict(), allow_nan=False)


def test_no_file_and_no_frames() -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        check("nowhere.xyz")
    with pytest.raises(ValueError, match="empty"):
        check([])
    with pytest.raises(TypeError, match="Atoms"):
        check([1])
    with pytest.raises(TypeError, match="sequence"):
        check(iter([random_frame(1)]))


def test_batches_and_matrices_have_no_quaternions() -> None:
    batch = ParticleBatch.from_frames(some_frames(3), "c_q")
    report = check(batch)
    assert report.quaternions is None
    assert report.frames["particles"] == len(batch.types)
    assert check([batch, batch]).frames["number"] == 6
    read = anisoap_opt.check(INPUTS / "matrices.xyz", calculator(rotation_key="c_R", rotation_type="matrix"))
    assert read.quaternions is None
    assert read.ok


def test_cost_is_that_of_the_features() -> None:
    frames = some_frames(4)
    one = check(frames).cost["sizes"][0]
    assert (one["max_angular"], one["max_radial"]) == (3, None)
    features = calculator(types=[1, 6]).power_spectrum(frames)
    assert one["columns"] == features.shape[1]
    assert one["bytes_of_means"] == features.nbytes
    block = np.count_nonzero(calculator(types=[1, 6]).feature_labels()["types_center"] == 6)  # one row a particle
    assert one["bytes_of_centers"] == sum(map(len, frames)) * block * 8


@pytest.mark.parametrize("num", [4, 300])
def test_times_are_measured_with_frames_that_are_there(num: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anisoap_opt.inspection.cost._LARGE", 100)
    frame = random_frame(1, num, box=4.0 * num ** (1 / 3))
    report = anisoap_opt.check([frame], calculator(), sizes=[(1, 0)])
    for one in report.cost["sizes"]:
        assert one["seconds"] > 0
        assert 0 < one["measured"] <= num
    assert "Times were measured here, with numpy_only" in str(report)


def test_many_frames_are_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "SAMPLE", 12)
    frames = [units(frame) for frame in some_frames(40)]
    frames[33].positions[1] = frames[33].positions[0]  # not among those that are looked at
    frames[0].arrays["c_q"][0] = 0.0
    report = check(frames)
    assert 1 < report.frames["looked_at_closely"] < 12
    assert report.frames["particles"] == sum(map(len, frames[1:]))
    assert report.distances["pairs_on_top_of_each_other"] == 1
    assert "distances and shapes of" in str(report)


def test_of_a_large_frame_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a perfect crystal every centre has the neighbours that all have."""
    crystal = spheres(bulk("Cu", a=4.0, cubic=True).repeat(6))
    whole = check([crystal]).distances
    monkeypatch.setattr(distances, "LARGE", 50)
    part = check([crystal]).distances
    assert 50 <= part["centers"] < 100
    for name in ("fewest_neighbors", "most_neighbors", "mean_nearest", "mean_distance"):
        assert part[name] == pytest.approx(whole[name], rel=1e-12)


def test_the_table_fits_a_terminal() -> None:
    frames = [random_frame(seed, 30, types=range(1, 13), cell=10 * np.eye(3), pbc=True) for seed in range(3)]
    frames[1].arrays["c_q"][0] = np.nan
    text = str(anisoap_opt.check(frames, calculator(max_radial=[3, 2, 1, 0])))
    assert max(map(len, text.splitlines())) < 80
    assert "warning: norms" in text
    assert "refused: frame 1, particle 0" in text


def test_empty_frames() -> None:
    report = check([random_frame(1, 0), random_frame(2, 0)])
    assert report.ok
    assert report.frames["particles"] == 0
    json.dumps(report.as_dict(), allow_nan=False)
    assert "frames          2" in str(report)


def test_the_default_calculator_is_that_of_the_command() -> None:
    report = anisoap_opt.check(DATA[0], measure_time=False)
    assert report.distances["cutoff_radius"] == 7.0
    assert [(one["max_angular"], one["max_radial"]) for one in report.cost["sizes"]] == [(6, None), (9, 6)]
