"""What a GPU's machine code allows at most: warps that fit a multiprocessor, and pairs a second.

A pair takes its instructions, counted in the loop over pairs, through four gates of a multiprocessor; the narrowest one
decides. Branches that are hardly ever taken count like all others, and memory is as near as the constants say, so this
is no forecast: it says which gate is the narrowest, and how wide.

    issue       all / 128 threads a clock
    arithmetic  floating / lanes a clock
    memory      loads and stores / 32 a clock
    waiting     (2 latency + instructions of one after the other) / pairs in flight: the neighbour, then its record
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WARP = 32
ISSUE, LOAD_STORE = 128, 32
"""Threads a clock whose instruction starts: four schedulers of a warp each; load/store units. NVIDIA's white papers."""
LATENCY = {80: 466, 90: 479, 100: 479}
"""Clocks of a load from global memory: Luo et al., arXiv:2402.13499, table of latencies (A100, H100); that of the H100
stands for its successor, for which we know none."""
FLOATING = re.compile(r"[DF](ADD|MUL|FMA|SETP|MNMX)\b|MUFU")
MEMORY = re.compile(r"(LD|ST)(G|S|L)?\b|ATOM|RED\b")
LABEL, INSTRUCTION = re.compile(r"\s*(\.L_x_\d+):"), re.compile(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:@\S+\s+)?(.*?);")


@dataclass(frozen=True)
class Device:
    """A multiprocessor of one architecture, and how many an often used product has.

    Attributes
    ----------
    name : str
    multiprocessors : int
    clock : float
        Hz, the highest.
    lanes : dict of int
        Floating-point operations that start in a clock, by dtype: CUDA C++ Programming Guide, on throughput.
    shared : int
        Bytes of shared memory: the same, "Technical Specifications per Compute Capability"; as 65 536 registers, 64
        warps and 32 blocks, the same for all three.
    """

    name: str
    multiprocessors: int
    clock: float
    lanes: dict[str, int]
    shared: int


DEVICES = {
    80: Device("A100", 108, 1.41e9, {"float64": 32, "float32": 64}, 164 << 10),
    90: Device("H100 SXM", 132, 1.98e9, {"float64": 64, "float32": 128}, 228 << 10),
    100: Device("B200", 148, 1.965e9, {"float64": 64, "float32": 128}, 228 << 10),
}


@dataclass(frozen=True)
class Counts:
    """Instructions of one thread."""

    every: float
    floating: float
    memory: float

    def plus(self, other: Counts, times: float) -> Counts:
        """The sum with so many times another."""
        mine, others = (self.every, self.floating, self.memory), (other.every, other.floating, other.memory)
        return Counts(*(a + times * b for a, b in zip(mine, others, strict=True)))


def count(instructions: list[str]) -> Counts:
    """What there is among some instructions."""
    floating, memory = (sum(1 for one in instructions if kind.match(one)) for kind in (FLOATING, MEMORY))
    return Counts(len(instructions), floating, memory)


def loop_over_pairs(text: str) -> tuple[Counts, Counts]:
    """The longest loop of what ``nvdisasm`` writes: its instructions without, and those of, the longest loop in it.

    Where nothing is repeated, as where a thread takes one pair, all stands for the loop.
    """
    labels: dict[str, int] = {}
    found: list[str] = []
    for line in text.splitlines():
        if label := LABEL.match(line):
            labels[label[1]] = len(found)
        elif instruction := INSTRUCTION.match(line):
            found.append(instruction[1])
    jumps = [(labels[m[0]], k) for k, one in enumerate(found) if "BRA" in one and (m := re.search(r"\.L_x_\d+", one))]
    loops = sorted((last - first, first, last) for first, last in jumps if first < last)
    _, first, last = loops[-1] if loops else (0, 0, len(found) - 1)
    _, begin, end = max((one for one in loops[:-1] if first <= one[1] and one[2] <= last), default=(0, last, last - 1))
    return count(found[first:begin] + found[end + 1 : last + 1]), count(found[begin : end + 1])


def warps(registers: int, threads: int, shared: int, device: Device) -> int:
    """Warps that are on a multiprocessor at once: registers go by 256 a warp, and a block takes 1 kB for itself."""
    of_block = -(-threads // WARP)
    limits = (
        65536 // (of_block * -(-registers * WARP // 256) * 256),
        64 // of_block,
        32,
        device.shared // (shared + 1024),
    )
    return of_block * min(limits)


def pairs_per_second(
    outer: Counts, inner: Counts, lanes_of_pair: int, threads: int, resident: int, dtype: str, arch: int
) -> tuple[Counts, float, str]:
    """Instructions of all threads for a pair, the pairs a second they allow, and the gate that decides.

    Parameters
    ----------
    outer, inner : Counts
        Of a thread, see `loop_over_pairs`.
    lanes_of_pair : int
        1 where a thread takes a pair. Else so many make a pair's rows in the outer loop, a pair for each such group of
        the block, and the whole block walks through them in the inner one, pair after pair.
    threads, resident : int
        Threads of a block, warps on a multiprocessor.
    """
    device = DEVICES[arch]
    batch = threads // lanes_of_pair if lanes_of_pair > 1 else 1
    of_thread = outer.plus(inner, batch)
    together = threads if lanes_of_pair > 1 else 1
    each = Counts(0, 0, 0).plus(of_thread, together / batch)
    in_flight = resident * WARP * batch / together
    clocks = {
        "issue": each.every / ISSUE,
        "arithmetic": each.floating / device.lanes[dtype],
        "memory": each.memory / LOAD_STORE,
        "waiting": (2 * LATENCY[arch] + of_thread.every) / in_flight,
    }
    gate = max(clocks, key=clocks.__getitem__)
    return each, device.multiprocessors * device.clock / clocks[gate], gate
