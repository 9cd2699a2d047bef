"""`benchmarks.stages`: on small frames, and with times that are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anisoap_opt import EllipsoidalDensityProjection, ParticleBatch
from benchmarks import measure, stage_names, stages, stages_compiled, workloads

pytest.importorskip("numba")
ALL = (*stage_names.STAGES, stage_names.WHOLE)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "pin_threads", lambda count=1: None)
    monkeypatch.setattr(stages, "ROUNDS", 1)
    monkeypatch.setattr(stages, "SECONDS", 0.0)


@pytest.mark.parametrize("backend", stages.BACKENDS)
def test_stages_add_up(backend: str) -> None:
    times = stages.stages(backend, stages.TINY, workloads.system("ellipsoids")[:5])
    assert set(times) == set(ALL) - ({stage_names.PLACES} if backend == "numpy_only" else set())
    assert sum(times[name] for name in times if name != stage_names.WHOLE) == pytest.approx(times[stage_names.WHOLE])
    assert times[stage_names.FRAMES] > 0
    assert times[stage_names.SEARCH] > 0


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "frames", [workloads.bulk(300, 2, shuffled=True), workloads.system("benzenes")[:30]], ids=["large", "small"]
)
def test_the_compiled_pieces_do_the_whole_work(monkeypatch: pytest.MonkeyPatch, frames: list[Any], own: bool) -> None:
    """All pairs are found, and the coefficients of all batches are those of `transform`."""
    from anisoap_opt.kernels.numba import neighbors, segments

    hypers = {**stages.HYPERS, "subtract_center_contribution": not own}
    calculator = EllipsoidalDensityProjection(**hypers, backend="numba")
    batch = ParticleBatch.from_frames(frames, "c_q").in_units_of(calculator.radial_basis.length)
    pairs: list[int] = []
    first: list[float] = []
    search, expand = neighbors.pairs_of, segments.expand_windows

    def counted(*arguments: Any) -> int:
        pairs.append(search(*arguments))
        return pairs[-1]

    def added(*arguments: Any) -> None:
        expand(*arguments)
        (start, *_), columns, table = arguments[3], arguments[9][-1], arguments[-1]
        first.append(table[: (len(start) - 1) * columns : columns].sum())  # n = 0 of l = 0

    with monkeypatch.context() as patch:
        patch.setattr(neighbors, "pairs_of", counted)
        patch.setattr(segments, "expand_windows", added)
        calls = stages_compiled.calls_of_pairs(calculator, batch)
    pairs.clear()
    calls[stage_names.SEARCH]()
    num_pairs = calculator._neighborhoods(frames, None)[1].pairs.start[-1]
    assert sum(pairs) == num_pairs > 0
    assert not first
    calls[stage_names.KERNEL]()
    assert sum(pairs) == 2 * num_pairs
    blocks = calculator.transform(frames).blocks({"angular_channel": 0})
    assert sum(first) == pytest.approx(sum(one.values[:, 0, one.properties["n"] == 0].sum() for one in blocks))


def test_a_commit_with_other_functions_inside_lacks_only_their_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    from anisoap_opt.kernels.numba import segments

    calculator, frames = (
        EllipsoidalDensityProjection(**stages.HYPERS, backend="numba"),
        workloads.system("benzenes")[:2],
    )
    known = {*stage_names.IN_A_WORD}
    assert set(stages.calls_of(calculator, frames)) == known
    monkeypatch.delattr(segments, "expand_windows")
    lost = {stage_names.SEARCH, stage_names.KERNEL, stage_names.COUPLING}
    assert set(stages.calls_of(calculator, frames)) == known - lost


def test_numbers_and_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = {name: float(k) for k, name in enumerate(ALL)}
    monkeypatch.setattr(stages, "stages", lambda backend, hypers, frames: times)
    monkeypatch.setattr(stages, "RESULTS", tmp_path / "stages.json")
    stages.main()
    found = json.loads((tmp_path / "stages.json").read_text())
    call = found["workloads"]["one frame of two particles"]
    assert call["unit"] == "call"
    assert call["columns"] == dict.fromkeys(stages.BACKENDS, {name: 1e3 * one for name, one in times.items()})
    assert "| neighbours" in capsys.readouterr().out
    figure = (tmp_path / "stages.png").read_bytes()
    assert figure.startswith(b"\x89PNG")
    stages.draw(found, tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == figure


def test_the_documented_figure_is_of_these_workloads() -> None:
    found = json.loads(stages.RESULTS.read_text())
    assert list(found["workloads"]) == list(stages.WORKLOADS)
    assert stages.RESULTS.with_suffix(".png").exists()
