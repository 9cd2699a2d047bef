"""What all figures of the study share: colours, markers, sizes, and files that only change with their content."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from anisoap_bench.files import write_whole

BACKENDS = {
    "reference": ("#000000", "s"),
    "numpy_only": ("#0072B2", "o"),
    "torch_mixed": ("#E69F00", "^"),
    "torch_full": ("#D55E00", "v"),
    "numba": ("#009E73", "D"),
}
"""Colour and marker of a backend; Okabe and Ito's colours, told apart by the colour-blind."""
OTHERS = ("#CC79A7", "P")
SHADES = ("#E69F00", "#0072B2", "#F0E442", "#009E73", "#CC79A7", "#56B4E9")
"""Colours of stages, from the same set."""
DPI = 140
SETTINGS: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "anisoap_opt",
}


def look(backend: str) -> dict[str, Any]:
    """Colour, marker and label of a backend, as matplotlib takes them."""
    colour, marker = BACKENDS.get(backend, OTHERS)
    return {"color": colour, "marker": marker, "label": backend, "markersize": 6, "capsize": 3}


def in_order(names: Any) -> list[str]:
    """Backends in the order of BACKENDS, others after them."""
    present = list(dict.fromkeys(names))
    return sorted(present, key=lambda name: list(BACKENDS).index(name) if name in BACKENDS else len(BACKENDS))


def new_figure(panels: int = 1, height: float = 4.5) -> tuple[Figure, list[Any]]:
    """A figure as wide as a README shows it, with panels side by side."""
    figure = Figure(figsize=(8.0, height))
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def plain_numbers(axis: Any) -> None:
    """On a logarithmic axis, 1, 10, 100 in place of powers of ten; 2 and 5 too if it spans no more than two decades."""
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300 else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write ``name.png`` and ``name.svg``; the same figure gives the same bytes."""
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        buffer = io.BytesIO()
        with mpl.rc_context(SETTINGS):
            figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
        write_whole(folder / f"{name}.{kind}", buffer.getvalue())
