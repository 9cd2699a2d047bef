"""What the stages of `benchmarks.stages` are called."""

from __future__ import annotations

FRAMES = "frames: check and stack"
PLACES = "wrap, sort in space"
GAUSSIANS = "per-particle Gaussians"
SEARCH = "neighbours"
KERNEL = "kernel: coefficients"
COUPLING = "coupling, sums"
REST = "all else"
WHOLE = "power_spectrum, all"
STAGES = (FRAMES, PLACES, GAUSSIANS, SEARCH, KERNEL, COUPLING, REST)
"""What WHOLE is made of; where PLACES is not measured, it is a part of SEARCH."""
IN_A_WORD = {
    FRAMES: "checks",
    PLACES: "places",
    GAUSSIANS: "Gaussians",
    SEARCH: "neighbours",
    KERNEL: "kernel",
    COUPLING: "coupling",
}
"""For the gate, in whose benchmarks a call is named by all that it does, as `neighbours+kernel`."""
INCLUDES = {KERNEL: SEARCH, COUPLING: KERNEL}
"""What is measured together with the stage before it, which is subtracted."""
