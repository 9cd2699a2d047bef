"""The command line: what it writes, and how it says no."""

from __future__ import annotations

import json
from pathlib import Path

import ase.io
import numpy as np
import pytest
from typer.testing import CliRunner

import anisoap_opt
from anisoap_opt.cli import app
from tests.tolerances import assert_close

DATA = Path(__file__).parents[1] / "data"
MIXTURE = str(DATA / "mixture_gto_l5n3.xyz")
OPTIONS = ["--max-angular", "3", "--cutoff-radius", "5", "--backend", "numpy_only"]


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def calculator(**more: object) -> anisoap_opt.EllipsoidalDensityProjection:
    hypers = {"max_angular": 3, "radial_basis_name": "gto", "cutoff_radius": 5.0, "radial_gaussian_width": 1.5}
    return anisoap_opt.EllipsoidalDensityProjection(**{**hypers, "rotation_key": "c_q", **more})


def test_npz_holds_the_mean_power_spectrum_and_the_hypers(tmp_path: Path) -> None:
    out = tmp_path / "features.npz"
    said = run("describe", MIXTURE, *OPTIONS, "--max-radial", "2", "--out", str(out))
    assert "2 frames" in said
    assert (
        "cutoff_radius 5, radial_gaussian_width 1.5, backend numpy_only" in said
    )  # which were defaults, and which not
    with np.load(out) as saved:
        expected = calculator(max_radial=2, backend="numpy_only").power_spectrum(ase.io.read(MIXTURE, ":"))
        assert_close(saved["features"], expected, 1e-14)
        hypers = json.loads(str(saved["hypers"]))
    assert hypers["max_radial"] == 2
    assert hypers["backend"] == "numpy_only"
    assert [path.name for path in tmp_path.iterdir()] == ["features.npz"]  # no temporary file stays


def test_mts_holds_every_centre(tmp_path: Path) -> None:
    import metatensor

    out = tmp_path / "features.mts"
    run("describe", MIXTURE, *OPTIONS, "--index", "1:", "--types", "1,6,8", "--out", str(out))
    expected = calculator(types=[1, 6, 8]).power_spectrum(ase.io.read(MIXTURE, "1:"), mean_over_samples=False)
    assert metatensor.allclose(metatensor.load(out), expected, rtol=0, atol=1e-13)


def test_a_basis_without_a_width_has_none_to_tell(tmp_path: Path) -> None:
    said = run("describe", MIXTURE, *OPTIONS, "--radial-basis", "monomial", "--out", str(tmp_path / "features.npz"))
    assert "features, cutoff_radius 5, backend numpy_only" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.xyz", "--out", "a.npz"], "no such file: nowhere.xyz"),
        ([MIXTURE, "--out", "a.txt"], "npz"),
        ([MIXTURE, "--out", "no/such/folder/a.npz"], "no such folder"),
        ([MIXTURE, "--out", "a.npz", "--rotation-key", "spin"], "frame 0 has no array 'spin'"),
        ([MIXTURE, "--out", "a.npz", "--max-radial", "two"], "integers separated by commas"),
        ([MIXTURE, "--out", "a.npz", "--max-radial", "2,1"], "one entry per l"),
        ([MIXTURE, "--out", "a.npz", "--cutoff-radius", "-1"], "cutoff_radius must be finite"),
        ([MIXTURE, "--out", "a.npz", "--backend", "fortran"], "backend must be one of"),
        ([MIXTURE, "--out", "a.npz", "--radial-basis", "sto"], "not an implemented radial basis"),
        ([MIXTURE, "--out", "a.npz", "--types", "1"], "not in types"),
        ([MIXTURE, "--out", "a.npz", "--index", "10:"], "no frame at index 10: of"),
    ],
)
def test_bad_calls_end_with_a_sentence_and_exit_code_2(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = " ".join(run("describe", *arguments, code=2).split())
    assert message in output
    assert "Traceback" not in output
    assert not list(tmp_path.iterdir())


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xyz"
    broken.write_text("3\n\nH 0 0\n")
    assert f"ASE cannot read {broken}" in run("describe", str(broken), "--out", str(tmp_path / "a.npz"), code=2)


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "features.npz"
    out.write_text("finished earlier")

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    assert "No space left" in run("describe", MIXTURE, *OPTIONS, "--out", str(out), code=2)
    assert out.read_text() == "finished earlier"
    assert list(tmp_path.iterdir()) == [out]


def test_backends_lists_them_all_and_marks_the_default() -> None:
    output = run("backends")
    assert all(name in output for name in anisoap_opt.BACKENDS)
    assert output.count("*") == 2  # the mark, and the line that explains it


def test_version() -> None:
    assert run("--version").strip() == f"anisoap-opt {anisoap_opt.__version__}"


def test_names_with_signs_that_ase_would_split_at(tmp_path: Path) -> None:
    source = tmp_path / "a@1.xyz"
    source.write_bytes(Path(MIXTURE).read_bytes())
    assert "2 frames" in run("describe", str(source), *OPTIONS, "--out", str(tmp_path / "a.npz"))


def test_a_link_is_followed_and_a_folder_refused(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "features.npz"
    link.symlink_to(tmp_path / "there" / "real.npz")
    run("describe", MIXTURE, *OPTIONS, "--out", str(link))
    assert link.is_symlink()
    assert (tmp_path / "there" / "real.npz").stat().st_size > 0
    (tmp_path / "folder.npz").mkdir()
    assert "is a folder" in run("describe", MIXTURE, *OPTIONS, "--out", str(tmp_path / "folder.npz"), code=2)
