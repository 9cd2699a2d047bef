"""Pairs of processes that never ran, and recordings of them."""

import numpy as np
import pytest

from anisoap_bench.calibration import recording
from anisoap_bench.calibration.recording import BASE, PLANTED, TWIN

CONDITIONS = {"commit": "a" * 40, "machine": "a machine", "core": 1, "load": "none"}
NAMES = ("kernel", "import", "expansion")


class Pairs:
    """Takes the place of real pairs of processes; interrupts itself after some."""

    def __init__(self, count, spread=0.01, twin=1.0):
        self.left, self.spread = count, spread
        self.factors = {BASE: 1.0, TWIN: twin, **PLANTED}
        self.random = np.random.default_rng(count)
        self.calls = []

    def __call__(self, head, swapped):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        self.calls.append((head, BASE) if swapped else (BASE, head))
        found = {build: self.seconds(build) for build in self.calls[-1]}
        return {name: [found[BASE][name], found[head][name]] for name in NAMES}

    def seconds(self, build):
        noise = np.exp(self.spread * self.random.standard_normal(len(NAMES)))
        return {name: 0.05 * self.factors[build] * each for name, each in zip(NAMES, noise, strict=True)}


def record(path, pairs, conditions=CONDITIONS, every=4):
    """Record until the pairs are used up; what was run."""
    with pytest.raises(KeyboardInterrupt):
        recording.record(path, conditions, pairs, minutes=60, every=every)
    return pairs.calls
