"""Speed, memory and error of every system and backend at one commit: what the tables hold, in text and in HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from anisoap_bench.asv_files import Results

SECONDS, MEMORY, ERROR = (f"descriptors.Systems.track_{what}" for what in ("seconds_per_frame", "peak_memory", "error"))
ANCHOR = "reference"
"""The backend that the others are compared with."""


@dataclass(frozen=True)
class Line:
    """One system and backend; what was not measured is "–"."""

    system: str
    backend: str
    seconds: float  # a frame
    milliseconds: str
    faster: str  # than ANCHOR
    megabytes: str
    error: str


def lines(found: list[Results]) -> list[Line]:
    """One line for every system and backend that has a time."""
    seconds, memory, error = (_latest(found, name) for name in (SECONDS, MEMORY, ERROR))
    return [
        Line(
            system,
            backend,
            seconds=value,
            milliseconds=f"{1e3 * value:.3g}",
            faster=_times(seconds[system, ANCHOR] / value) if (system, ANCHOR) in seconds else "–",
            megabytes=f"{memory[system, backend] / 1e6:.1f}" if (system, backend) in memory else "–",
            error=f"{error[system, backend]:.0e}" if (system, backend) in error else "–",
        )
        for (system, backend), value in seconds.items()
    ]


def _latest(found: Iterable[Results], benchmark: str) -> dict[tuple[str, ...], float]:
    """Results of one benchmark; of two the one that was started later."""
    files = sorted((one for one in found if benchmark in one.rows), key=lambda one: one.started(benchmark))
    return {key: value for one in files for key, value in one.numbers(benchmark).items()}


def _times(ratio: float) -> str:
    """How many times faster; below ten with two digits, so that a slower backend is not "0×" as fast."""
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.2g}×"
