"""``study run`` and scripts/run_benchmarks.py: the cookbook's commands, what they write, and when they refuse."""

from __future__ import annotations

import json
import os
import pstats
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anisoap_bench.study import run, schema, workload
from anisoap_opt import BACKENDS, EllipsoidalDensityProjection
from benchmarks import environment, workloads
from tests.study.runs import study

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = ("--frames", "2", "--repeats", "2")


def shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A line of the cookbook, run in an empty folder, with this Python first on the path."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATA_ROOT", "ANISOAP_BACKEND")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**inherited, "PATH": path, "SCRIPTS": str(ROOT / "scripts"), **variables}
    return subprocess.run(["sh", "-c", command], cwd=folder, env=variables, capture_output=True, text=True)


@pytest.mark.parametrize("root", ["", str(ROOT / "data")], ids=["unset", "set"])
def test_cookbook_command(tmp_path: Path, root: str) -> None:
    done = shell(
        "ANISOAP_BACKEND=numpy_only python $SCRIPTS/run_benchmarks.py --data $DATA_ROOT "
        "--files one_species.xyz benzenes.xyz three_species.xyz four_species.xyz "
        "--out results/metrics/numpy_only_species.json --frames 2 --repeats 2",
        tmp_path,
        **({"DATA_ROOT": root} if root else {}),
    )
    assert done.returncode == 0, done.stderr
    found = schema.load(tmp_path / "results/metrics/numpy_only_species.json")
    assert found["backend"] == "numpy_only"
    assert [record["species"] for record in found["files"]] == [1, 2, 3, 4]
    assert all(len(record["wall_seconds"]) == 2 for record in found["files"])
    assert str(ROOT) not in json.dumps(found)


def test_profiled_as_in_the_cookbook(tmp_path: Path) -> None:
    done = shell(
        "python -m cProfile -o prof.prof $SCRIPTS/run_benchmarks.py --files ellipsoids.xyz --frames 2 --repeats 2 "
        "--backend numpy_only",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    schema.check(json.loads(done.stdout))
    functions = {name for _, _, name in pstats.Stats(str(tmp_path / "prof.prof")).stats}  # type: ignore[attr-defined]
    assert "power_spectrum" in functions


def test_record_describes_the_calculation(capsys: pytest.CaptureFixture[str]) -> None:
    assert study("run", "--files", "ellipsoids.xyz", "--backend", "numpy_only", "--frames", "5", "--repeats", "3") == 0
    document = json.loads(capsys.readouterr().out)
    schema.check(document)
    (record,) = document["files"]
    frames = workloads.system("ellipsoids")[:5]
    hypers = workloads.hypers_of("ellipsoids")
    expected = EllipsoidalDensityProjection(**hypers, backend="numpy_only").power_spectrum(frames)
    assert record["hypers"] == hypers
    assert record["output"]["shape"] == list(expected.shape)
    assert record["output"] == {**record["output"], **run.fingerprint(expected)}
    sizes = [len(frame) for frame in frames]
    assert (record["particles"], record["n_squared"]) == (sum(sizes), sum(size**2 for size in sizes))
    median = np.median(record["wall_seconds"])
    for unit, total in (("frame", 5), ("pair", record["pairs"]), ("n_squared", record["n_squared"])):
        assert record["seconds_per"][unit] == pytest.approx(median / total)
    assert len(record["cpu_seconds"]) == 3
    assert record["conversion"] is None
    assert record["peak_memory"]["bytes"] > 0


@pytest.mark.parametrize("system", ["benzenes", "ellipsoids"])
def test_pairs_are_those_that_ase_counts(system: str) -> None:
    from ase.neighborlist import neighbor_list

    frames, hypers = workloads.system(system)[:8], workloads.hypers_of(system)
    counts = workload.counts(frames, EllipsoidalDensityProjection(**hypers, backend="numpy_only"))
    own = 0 if hypers.get("subtract_center_contribution") else 1
    assert counts["pairs"] == sum(len(neighbor_list("i", frame, 7.0)) + own * len(frame) for frame in frames)
    assert counts["constant_particles"] == (system == "benzenes")


@pytest.mark.skipif(not BACKENDS["torch_mixed"].installed, reason="needs torch")
def test_conversions_of_torch_mixed_are_timed_and_left_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    before = torch.from_numpy, torch.Tensor.numpy
    assert study("run", "--files", "one_species.xyz", "--backend", "torch_mixed", *SMALL) == 0
    (record,) = json.loads(capsys.readouterr().out)["files"]
    conversion = record["conversion"]
    assert conversion["calls"] >= 3  # two arrays in and one out, for one product at least
    assert conversion["calls"] % 3 == 0
    assert conversion["seconds_in"] > 0
    assert conversion["seconds_out"] > 0
    assert 0 < conversion["share"] < 1
    assert (torch.from_numpy, torch.Tensor.numpy) == before


def test_checksum_tells_descriptors_apart() -> None:
    values = np.arange(6.0).reshape(2, 3)
    one, same, other = (run.fingerprint(x) for x in (values, np.asfortranarray(values), values + 1e-12))
    assert one == same
    assert one["sha256"] != other["sha256"]
    assert one["largest"] == pytest.approx(other["largest"], rel=1e-10)


def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The message of a run that must end with exit code 2 and leave nothing behind."""
    folder = tmp_path / "out"
    assert study("run", *arguments, "--out", str(folder / "run.json")) == 2
    assert not folder.exists() or not list(folder.iterdir())
    return capsys.readouterr().err


BAD = {
    "missing file": (("one_species.xyz", "nothing.xyz"), "no such file"),
    "unknown backend": (("one_species.xyz", "--backend", "fortran"), "fortran"),
    "bad JSON": (("one_species.xyz", "--hypers", '{"max_angular"'), "a JSON object, got"),
    "bad hypers": (("one_species.xyz", "--hypers", '{"max_angular": -1}'), "max_angular"),
    "unknown hyper": (("one_species.xyz", "--hypers", '{"lmax": 1}'), "lmax"),
    "no such size": (("one_species.xyz", "--hypers", "(3, 3)"), "--hypers"),
    "too many frames": (("one_species.xyz", "--frames", "100000"), "has 200 frames"),
    "no repeats": (("one_species.xyz", "--repeats", "0"), "at least 1"),
    "other rotations": (("one_species.xyz", "--frames", "2", "--hypers", '{"rotation_key": "q"}'), "'q'"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD.keys())
def test_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    assert message in refused(tmp_path, capsys, "--files", *arguments)


def test_backend_that_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anisoap_opt.kernels.find_spec", lambda name: None)
    assert "pip install" in refused(tmp_path, capsys, "--files", "one_species.xyz", "--backend", "torch_full")


LINES = (ROOT / "data/benzenes.xyz").read_text().splitlines()[:52]  # two frames of 26 lines
NAN = LINES[30].replace(LINES[30].split()[1], "nan", 1)
OTHER_KEY = LINES[27].replace(":c_q:", ":other:")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (LINES[:-3], ", line 49 (frame 1): the file ends here"),
        ([*LINES[:26], "garbage", *LINES[27:]], ", line 27 (frame 1): must be the number of particles"),
        ([*LINES[:30], NAN, *LINES[31:]], ", line 31: frame 1, particle 2"),
        ([*LINES[:27], OTHER_KEY, *LINES[28:]], ", line 28: frame 1 has no array 'c_q'"),
        (["0", "Properties=species:S:1:pos:R:3"], ": its frames have no particles"),
    ],
    ids=["truncated", "no header", "not a number", "no orientation", "no particles"],
)
def test_a_bad_frame_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[str], message: str
) -> None:
    (tmp_path / "bad.xyz").write_text("\n".join(lines) + "\n")
    assert f"bad.xyz{message}" in refused(tmp_path, capsys, "--data", str(tmp_path), "--files", "bad.xyz")


def test_script_ends_with_2_as_well(tmp_path: Path) -> None:
    done = shell("python $SCRIPTS/run_benchmarks.py --files nothing.xyz --out run.json", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no such file")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_pools_that_disagree_are_reported(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    done = shell(
        "python $SCRIPTS/run_benchmarks.py --files one_species.xyz --frames 2 --repeats 1 --backend numba --threads 2",
        tmp_path,
        NUMBA_NUM_THREADS="1",
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert "numba: 1 threads, 2 asked for" in document["threads"]["disagreements"]
    assert "warning: numba: 1 threads, 2 asked for" in done.stderr


def test_job_and_origin_are_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    job = ("--origin", "chtc", "--job", "one-numpy-3", "--repeat-index", "3")
    assert study("run", "--files", "one_species.xyz", "--backend", "numpy_only", *SMALL, *job) == 0
    document = json.loads(capsys.readouterr().out)
    schema.check(document)
    assert document["origin"] == "chtc"
    assert document["job"] == {"id": "one-numpy-3", "repeat": 3}


def test_hypers_from_name_and_object() -> None:
    own = workloads.hypers_of("ellipsoids")
    assert workload.hypers_for("ellipsoids", None) == own
    assert workload.hypers_for("anything", None) == workloads.HYPERS["(6, None)"]
    assert workload.hypers_for("ellipsoids", "(6, None)")["subtract_center_contribution"] is True
    assert workload.hypers_for("ellipsoids", '{"max_angular": 3}') == {**own, "max_angular": 3}


def test_environment_names_no_host_and_no_path() -> None:
    import platform

    found = environment.environment()
    schema_part = {"cpu", "os", "python", "versions", "blas", "thread_variables", "git", "gpu", "date"}
    assert set(found) == schema_part
    text = json.dumps(found)
    assert str(ROOT) not in text
    assert not ({platform.node()} - {""}) & set(text.split('"'))
    assert found["versions"]["numpy"] == np.__version__


def test_environment_that_cannot_be_read_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_text", lambda path: None)
    monkeypatch.setenv("PATH", "")
    found = environment.environment()
    assert found["cpu"]["governor"] is None
    assert found["git"] == {"commit": None, "dirty": None}


def test_commit_of_a_packed_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = {"commit": "1" * 40, "dirty": False}
    (tmp_path / "commit.json").write_text(json.dumps(packed))
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert environment.environment()["git"] == packed
