"""A machine that scatters, drifts and has heavy tails, for simulations of what is measured on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


@dataclass
class Machine:
    """Times of processes that run one after the other.

    Attributes
    ----------
    random : numpy.random.Generator
    scatter : float
        Standard deviation of a process's log time; that of a pair is √2 times as much.
    tails : float
        Degrees of freedom of Student's t that the scatter follows.
    drift : float
        Size of a slope, a wave and a step of the machine's speed, log time over 100 processes.
    builds : float
        Standard deviation of the log time of a build, which all its processes share.
    """

    random: np.random.Generator
    scatter: float
    tails: float = np.inf
    drift: float = 0.0
    builds: float = 0.0
    slot: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.slope, self.wave, self.step = self.drift * self.random.standard_normal(3)
        self.period, self.phase, self.step_at = self.random.uniform((10, 0, 0), (100, 2 * np.pi, 100))

    def history(self, commits: int, change: int, step: float) -> Floats:
        """Log times of so many commits after the first one, of which one changes it by a log ratio."""
        offsets = self.builds * self.random.standard_normal(commits + 1)
        return np.asarray(offsets + step * (np.arange(commits + 1) >= change))

    def process(self) -> float:
        """Log time of the next process beside that of its commit."""
        noise = self.random.standard_normal()
        if np.isfinite(self.tails):
            noise = self.random.standard_t(self.tails) / np.sqrt(self.tails / (self.tails - 2))
        wave = self.wave * np.sin(2 * np.pi * self.slot / self.period + self.phase)
        speed = self.slope * self.slot / 100 + wave + self.step * (self.slot > self.step_at)
        self.slot += 1
        return float(self.scatter * noise + speed)
