"""A report as a table of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from anisoap_opt.inspection.records import Found, in_words

WIDTH = 79
_LABEL = 16
_MOST_REFUSED = 10
"""Frames that are named in a table; all of them are in the report."""
_MOST_TYPES = 8


def as_table(report: Found) -> str:
    """All of it, in lines."""
    rows = [*_particles(report), *_orientations(report), *_distances(report), *_cells(report)]
    lines = [line for label, text in rows for line in _wrapped(label.ljust(_LABEL) + text, _LABEL)]
    lines += ["", *_cost(report), ""]
    for one in report.warnings:
        lines += _wrapped(f"warning: {one.message}", 9)
    for refused in report.refused[:_MOST_REFUSED]:
        lines += _wrapped(f"refused: {refused.reason}", 9)
    if len(report.refused) > _MOST_REFUSED:
        lines.append(f"and {len(report.refused) - _MOST_REFUSED} more frames would be refused")
    lines.append("nothing would be refused" if report.ok else "not all frames can be described")
    return "\n".join(lines)


def _wrapped(text: str, indent: int) -> list[str]:
    """Lines of at most 79 columns, in which a number stays with its unit."""
    together = text.replace(" Å", "\N{NO-BREAK SPACE}Å")
    lines = textwrap.wrap(together, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def _particles(report: Found) -> Iterator[tuple[str, str]]:
    frames = report.frames
    refused = f", {frames['refused']} of them refused" if frames["refused"] else ""
    closely = frames["looked_at_closely"]
    some = "" if closely + frames["refused"] == frames["number"] else f"; distances and shapes of {closely} of them"
    yield "frames", f"{frames['number']}{refused}{some}"
    if not frames["particles"]:
        return
    yield "particles", f"{frames['particles']}, {_range(frames['fewest_particles'], frames['most_particles'])} a frame"
    for one in report.types[:_MOST_TYPES]:
        name = one["symbol"] or str(one["type"])
        yield f"  type {name}", f"{one['particles']}, diameters {_diameters(one)} Å"
    if len(report.types) > _MOST_TYPES:
        yield "", f"and {len(report.types) - _MOST_TYPES} more types"
    sizes = report.diameters
    shares = ", ".join(f"{share:.0%} {name.replace('_', ' ')}" for name, share in sizes["shares"].items() if share)
    yield "aspect ratio", f"{_range(sizes['least_aspect_ratio'], sizes['largest_aspect_ratio'])}: {shares}"


def _diameters(one: dict[str, Any]) -> str:
    keys = ("least_diameters", "mean_diameters", "largest_diameters")
    return ", ".join(_range(low, high, mean) for low, mean, high in zip(*(one[key] for key in keys), strict=True))


def _orientations(report: Found) -> Iterator[tuple[str, str]]:
    q = report.quaternions
    if q is None:
        return
    parts = ", ".join(f"{name} {value:.2f}" for name, value in q["root_mean_square"].items())
    yield "quaternions", f"read as {in_words(q['order'])}, norms {_range(q['least_norm'], q['largest_norm'])}"
    yield "", f"root mean squares {parts}"


def _distances(report: Found) -> Iterator[tuple[str, str]]:
    d = report.distances
    if not d["centers"]:
        return
    number = _range(d["fewest_neighbors"], d["most_neighbors"], d["mean_neighbors"])
    mean = "" if d["mean_distance"] is None else f", mean distance {d['mean_distance']:.4g} Å"
    yield "neighbours", f"{number} a centre within {d['cutoff_radius']:g} Å{mean}"
    if d["mean_nearest"] is None:
        return
    contact = f"; they would touch at {d['mean_contact_of_nearest']:.4g} Å" if d["mean_contact_of_nearest"] else ""
    yield "nearest one", f"{d['least_nearest']:.4g} Å away or more, in the mean {d['mean_nearest']:.4g} Å{contact}"
    yield "overlaps", f"{d['overlapping_centers'] / d['centers']:.0%} of the ellipsoids overlap with a neighbour"


def _cells(report: Found) -> Iterator[tuple[str, str]]:
    cells = report.cells
    if not report.frames["particles"]:
        return
    if not cells["periodic_frames"]:
        yield "cells", "no frame is periodic"
        return
    narrow, good = cells["narrower_than_cutoff"], report.frames["number"] - report.frames["refused"]
    told = f"; {narrow} narrower than the cutoff, where a particle's own images are neighbours" if narrow else ""
    apart = f"faces at least {cells['least_height']:.4g} Å apart"
    yield "cells", f"{cells['periodic_frames']} of {good} frames are periodic, {apart}{told}"


def _cost(report: Found) -> list[str]:
    cost = report.cost
    if not report.frames["particles"]:
        return []
    rows = [("angular, radial", "columns", "frames' means", "all centres", "ms a frame", "all frames")]
    good = report.frames["number"] - report.frames["refused"]
    for one in cost["sizes"]:
        size, seconds = f"{one['max_angular']}, {one['max_radial']}", one["seconds"]
        if one["columns"] is None:  # there is no such basis
            rows.append((size, "-", "-", "-", "-", "-"))
            continue
        times = ("-", "-") if seconds is None else (f"{1000 * seconds / good:.3g}", _duration(seconds))
        rows.append((size, str(one["columns"]), _bytes(one["bytes_of_means"]), _bytes(one["bytes_of_centers"]), *times))
    lines = _aligned(rows)
    if any(one["measured"] for one in cost["sizes"]):
        measured = [one["measured"] for one in cost["sizes"] if one["measured"]]
        numbers = _range(min(measured), max(measured))
        lines += _wrapped(
            f"Times were measured here, with {cost['backend']}, {cost['dtype']}, on {numbers} particles; "
            "reading the file comes on top.", 0,
        )  # fmt: skip
    return lines


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def _range(low: float | None, high: float | None, mean: float | None = None) -> str:
    """One number where both are alike, else both, and perhaps their mean; None is one that is too large."""
    first, last = map(_in_digits, (low, high))
    if first == last:
        return first
    return f"{first} to {last}" if mean is None else f"{first} to {last} (mean {mean:.4g})"


def _in_digits(number: float | None) -> str:
    if number is None:
        return "inf"
    return str(number) if isinstance(number, int) else f"{number:.4g}"


def _bytes(number: float) -> str:
    power = 0
    while number >= 999.5 and power < 4:
        number, power = number / 1000, power + 1
    return f"{number:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
