"""Made-up times of many pull requests at once, as unpleasant as a shared machine gives them.

``python -m tests.gate.synthetic`` prints the rates of docs/gate.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anisoap_bench.gate.sequence import CONFIRMING, FIRST, FLAGGED, UNKNOWN, run_phase

SPREADS = [(0.01, 0.01), (0.02, 0.02), (0.03, 0.03), (0.01, 0.03)]


@dataclass
class Machine:
    """Log ratios of `trials` pull requests, drawn look by look, in ABBA order.

    Attributes
    ----------
    spread : tuple of float
        Range of the standard deviation of a process's log time; every benchmark of every trial has its own.
    common : float
        Part of that variance which all benchmarks of a process share.
    bursts : float
        Part of the observations that are 1.05 to 1.5 times longer; half of them hit a whole process.
    drift : float
        Size of the slow changes of speed (a slope, a wave and a step), log time over 100 processes.
    """

    trials: int
    benchmarks: int = 13
    spread: tuple[float, float] = (0.01, 0.03)
    common: float = 0.5
    bursts: float = 0.04
    drift: float = 0.05
    slowdown: float = 1.0  # of benchmark 0
    seed: int = 0

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)
        low, high = self.spread
        self.spreads = self.random.uniform(low, high, (self.trials, self.benchmarks, 1))
        self.slope = self.random.normal(0, self.drift, (self.trials, 1))
        self.wave = self.random.normal(0, self.drift, (self.trials, 1))
        self.period = self.random.uniform(10, 100, (self.trials, 1))
        self.phase = self.random.uniform(0, 2 * np.pi, (self.trials, 1))
        self.step = self.random.normal(0, self.drift, (self.trials, 1))
        self.step_at = self.random.uniform(0, 100, (self.trials, 1))
        self.slot = 0  # processes run so far

    def speed(self, slots):
        """Log time of the whole machine, [trials, slots]."""
        wave = self.wave * np.sin(2 * np.pi * slots / self.period + self.phase)
        return self.slope * slots / 100 + wave + self.step * (slots > self.step_at)

    def observe(self, slots):
        """Log times of one process a slot, [trials, benchmarks, slots]."""
        shape = (self.trials, self.benchmarks, len(slots))
        noise = np.sqrt(1 - self.common) * self.random.standard_normal(shape)
        noise += np.sqrt(self.common) * self.random.standard_normal((self.trials, 1, len(slots)))
        times = self.spreads * noise + self.speed(slots)[:, None, :]
        for struck in (shape, (self.trials, 1, len(slots))):
            hit = self.random.random(struck) < self.bursts / 2
            times = times + np.where(hit, np.log(self.random.uniform(1.05, 1.5, struck)), 0)
        return times

    def draw(self, pairs):
        """Log ratios of fresh pairs, [trials, benchmarks, pairs]."""
        slots = self.slot + np.arange(2 * pairs)
        self.slot += 2 * pairs
        times = self.observe(slots)
        head = slots % 4 % 3 != 0  # A B B A
        even, odd = times[..., ::2], times[..., 1::2]
        ratios = np.where(head[::2], even - odd, odd - even)
        ratios[:, 0] += np.log(self.slowdown)
        return ratios


def run(machine):
    """Final codes of many pull requests, [trials, benchmarks], and the pairs that each took, [trials]."""
    everything = np.ones((machine.trials, machine.benchmarks), dtype=bool)
    first, first_pairs, _ = run_phase(machine.draw, everything, FIRST)
    second, second_pairs, _ = run_phase(machine.draw, first == FLAGGED, CONFIRMING)
    return np.where(first == FLAGGED, second, first), first_pairs + second_pairs


def main():
    """Print a table, 10 000 pull requests a cell."""
    print("| spread of a process | false alarms | undecided | +3 % found | +5 % found | +10 % found | median pairs |")
    print("|---|---|---|---|---|---|---|")
    for low, high in SPREADS:
        codes, pairs = run(Machine(10_000, spread=(low, high), seed=1))
        slower = (codes == FLAGGED).any(axis=1)
        shares = [slower.mean(), ((codes == UNKNOWN).any(axis=1) & ~slower).mean()]
        for slowdown in (1.03, 1.05, 1.10):
            codes, _ = run(Machine(10_000, spread=(low, high), slowdown=slowdown, seed=2))
            shares.append((codes[:, 0] == FLAGGED).mean())
        name = f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
        print(f"| {name} | {' | '.join(f'{share:.2%}' for share in shares)} | {np.median(pairs):.0f} |")


if __name__ == "__main__":
    main()
