"""``study plot``: the figures are there, have units, show their data, and only change with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest

from anisoap_bench.study import aggregate, figures, scaling
from anisoap_bench.study.plot import one_machine, save
from tests.study.runs import document, study
from tests.study.test_scaling import points

SYSTEMS = ("one_species", "benzenes", "three_species", "four_species")
NAMES = {*figures.FIGURES, "scaling_vs_n"}


def combined() -> Any:
    runs = []
    for factor, backend in enumerate(("reference", "numpy_only", "torch_mixed", "torch_full", "numba"), 1):
        times = {name: [(k + 1 + r / 100) / factor for r in range(7)] for k, name in enumerate(SYSTEMS)}
        runs.append({**document(backend, times), "source": backend})
    return aggregate.tables(runs)["combined"]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    samples = points(0.5, 1.0, 1.5)
    found = {
        "combined_from_metrics": combined(),
        "scaling": samples,
        "scaling_summary": scaling.summarise(samples),
    }
    for name, table in found.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def plot(folder: Path, figures_to: Path) -> int:
    return study("plot", "--table", str(folder / "combined_from_metrics.csv"), "--figdir", str(figures_to))


def test_five_figures_as_png_and_svg(tables: Path, tmp_path: Path) -> None:
    assert plot(tables, tmp_path / "figures") == 0
    files = {path.name: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert set(files) == {f"{figure}.{kind}" for figure in NAMES for kind in ("png", "svg")}
    assert all(content.startswith(b"\x89PNG") for name, content in files.items() if name.endswith("png"))
    assert b"numba" in files["scaling_vs_n.svg"]


def test_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        with mpl.rc_context(figures.SETTINGS):
            figure = figures.peak_memory(combined())
            save(figure, tmp_path, "figure")
        found.append([(tmp_path / f"figure.{kind}").read_bytes() for kind in ("png", "svg")])
    assert found[0] == found[1]


def test_axes_have_units_and_every_backend_is_named() -> None:
    table = combined()
    labels = {}
    with mpl.rc_context(figures.SETTINGS):
        for name, draw in figures.FIGURES.items():
            figure = draw(table)
            assert figure is not None
            labels[name] = [axes.get_ylabel() for axes in figure.axes]
            named = {text.get_text() for text in figure.legends[0].get_texts()}
            assert named >= {"numpy_only", "torch_mixed", "torch_full", "numba"} - ({"numpy_only"} & {name})
    assert labels == {
        "wall_time_by_system": ["ms a frame"],
        "wall_time_vs_species": ["time / N² in ns", "time / N², relative to one species"],
        "peak_memory": ["peak memory of a call, MB"],
        "speedup": ["times faster than reference", "times faster than numpy_only"],
    }


def test_species_figure_shows_the_table() -> None:
    figure = figures.wall_time_vs_species(combined())
    assert figure is not None
    lines = {container.get_label(): container.lines[0] for container in figure.axes[0].containers}
    assert lines["numpy_only"].get_xdata().tolist() == [1, 2, 3, 4]
    expected = [1e9 * (k + 0.03) / 2 / 5760 for k in (1, 2, 3, 4)]
    assert lines["numpy_only"].get_ydata().tolist() == pytest.approx(expected)


def test_missing_tables_leave_figures_out(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tables / "scaling.csv").unlink()
    assert plot(tables, tmp_path / "figures") == 0
    message = capsys.readouterr().err
    assert "scaling_vs_n: not drawn, no such file" in message
    assert "scaling.csv" in message
    assert not (tmp_path / "figures" / "scaling_vs_n.png").exists()
    assert (tmp_path / "figures" / "peak_memory.png").exists()


@pytest.mark.parametrize(
    "content", [None, "", "a,b\n1,2\n", "header"], ids=["missing", "empty", "another table", "no rows"]
)
def test_bad_table_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None) -> None:
    if content == "header":
        content = combined().head(0).to_csv(index=False)
    if content is not None:
        (tmp_path / "combined_from_metrics.csv").write_text(content)
    assert plot(tmp_path, tmp_path / "figures") == 2
    assert "combined_from_metrics.csv" in capsys.readouterr().err
    assert not (tmp_path / "figures").exists()


def test_one_machine_is_drawn_and_the_others_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    table = combined()
    other = table.head(2).assign(machine="Other, 8 cores, Linux")
    both = pd.concat([other, table])
    assert set(one_machine(both, None)["machine"]) == {"Test CPU, 4 cores, Linux"}
    assert "2 rows of others are left out" in capsys.readouterr().err
    assert set(one_machine(both, "Other, 8 cores, Linux")["machine"]) == {"Other, 8 cores, Linux"}


def test_another_table_beside_is_an_error(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tables / "scaling.csv").write_text("a,b\n1,2\n")
    assert plot(tables, tmp_path / "figures") == 2
    assert "scaling.csv has no column backend" in capsys.readouterr().err


def test_backends_are_drawn_with_the_same_hyperparameters(capsys: pytest.CaptureFixture[str]) -> None:
    table = combined()
    larger = table[table["backend"] == "numba"].assign(hypers='{"max_angular": 9}', frames=1000)
    drawn = one_machine(pd.concat([table, larger]), None)
    assert set(drawn["hypers"]) == {'{"max_angular": 6}'}
    assert len(drawn) == len(table)
    assert "4 rows of others are left out" in capsys.readouterr().err


def test_too_few_repeats_have_no_bar() -> None:
    table = combined().assign(low_seconds=float("nan"), high_seconds=float("nan"))
    figure = figures.wall_time_by_system(table)
    assert figure is not None
    (bars,) = figure.axes[0].containers[0].lines[2]
    assert all(len(segment) == 0 or pd.isna(segment[:, 1]).any() for segment in bars.get_segments())
