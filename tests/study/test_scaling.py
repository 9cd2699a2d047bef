"""``study scaling``: exponents of points with known growth, and the measurement itself on tiny frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from anisoap_bench.study import scaling
from tests.study.runs import study


def points(species: float, particles: float, neighbors: float) -> Any:
    """Samples that grow with these powers, seven repeats 1 % apart."""
    rows = []
    for experiment, power, sizes in (
        ("species", species, (1, 2, 3, 4)),
        ("particles", particles, (250, 500, 1000, 2000)),
        ("neighbors", neighbors, (10, 20, 40, 80)),
    ):
        for size in sizes:
            shared = {"species": 2, "particles": 24, "pairs_per_particle": 72.0, scaling.AXES[experiment]: size}
            rows += [
                {
                    "backend": "numba",
                    "experiment": experiment,
                    "repeat": k,
                    **shared,
                    "seconds": size**power * (1 + k / 100),
                }
                for k in range(7)
            ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("power", "answer"), [(1.0, "no"), (2.0, "no"), (2.5, "yes")])
def test_known_growth_is_found(power: float, answer: str) -> None:
    summary = scaling.summarise(points(0.5, power, 1.5)).set_index("experiment")
    assert summary.loc["particles", "exponent"] == pytest.approx(power)
    assert summary.loc["particles", "worse_than_quadratic"] == answer
    assert summary.loc["neighbors", "exponent"] == pytest.approx(1.5)
    assert summary.loc["species", "ratio"] == pytest.approx(2.0)
    assert summary.loc["species", "ratio_low"] < 2.0 < summary.loc["species", "ratio_high"]


def test_an_interval_around_two_decides_nothing() -> None:
    assert scaling.worse_than_quadratic(1.9, 2.1) == "cannot be told"
    assert scaling.worse_than_quadratic(float("nan"), float("nan")) == "cannot be told"
    assert scaling.worse_than_quadratic(2.01, 2.4) == "yes"
    assert scaling.worse_than_quadratic(1.2, 1.9) == "no"


def test_the_published_samples_give_the_published_exponents() -> None:
    published = Path(__file__).parents[2] / "results" / "tables"
    found = scaling.summarise(pd.read_csv(published / "scaling.csv"))
    expected = pd.read_csv(published / "scaling_summary.csv")
    pd.testing.assert_frame_equal(found, expected, rtol=1e-4, atol=1e-6, check_dtype=False)
    assert scaling.statement(expected) == (published.parent / "logs" / "scaling.txt").read_text().strip()


def test_statement_gives_the_numbers() -> None:
    text = scaling.statement(scaling.summarise(points(0.5, 2.5, 1.5)))
    assert "factor of 2.00 (95 % interval 1." in text
    assert "power 2.50" in text
    assert "worse than quadratic: yes" in text


def test_command_measures_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study("scaling", "--quick", "--backends", "numpy_only", "--out", str(tmp_path)) == 0
    assert "worse than quadratic" in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "scaling.csv")
    assert rows.groupby("experiment").size().to_dict() == {"species": 8, "particles": 6, "neighbors": 12}
    assert rows[rows["experiment"] == "species"].groupby("species")["particles"].unique().map(list).to_dict() == {
        k: [24] for k in (1, 2, 3, 4)
    }
    assert rows[rows["experiment"] == "neighbors"]["pairs_per_particle"].is_monotonic_increasing
    assert len(pd.read_csv(tmp_path / "scaling_summary.csv")) == 3
