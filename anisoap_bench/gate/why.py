"""Why a benchmark changed: which of its stages, in pairs of processes; and which lines hold more memory.

The suite has a benchmark for stages of a call, named by what it does: `CASE:neighbours+kernel`. A stage takes what
the longest such call that ends with it takes, less the one that ends before it. What all of them leave of CASE itself
is REST. The stages of the import are modules, see `imports`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import observe
from anisoap_bench.gate.imports import IMPORT, import_times
from anisoap_bench.gate.lines import Line
from anisoap_bench.gate.pairs import PairSource
from anisoap_bench.gate.statistics import SHARE, Floats, Summary, summarise
from anisoap_bench.gate.worker import STAGE_SIGN

PAIRS, STEP, OFTEN = 12, 4, 3
"""Pairs that are taken, if there is time; how many at once; how many times as many of the import, which is short."""
MISS = 0.05
"""Chance that any stage which did not change is told to have changed."""
NOTICEABLE, MOST_SMALL = 0.2, 3
"""A stage is told if it makes so large a part of the change of the whole; of others, so many names at most."""
SMALL = 0.005
"""Of a stage with a smaller part of the time, the change is told in parts of the whole."""
MIB = 2**20
MORE_BYTES, MORE, MOST_LINES = 1 << 16, 0.02, 3
"""A line is told if it holds so many bytes more, and so large a part of the peak; no more lines than that."""
REST = "assembly and the rest"


@dataclass(frozen=True)
class Stage:
    """How much longer a stage takes in head, with a 95 % interval; unit: what the whole call takes in base."""

    name: str
    share: float  # of base's time
    change: float
    low: float
    high: float
    changed: bool  # at MISS over all stages

    def __str__(self) -> str:
        """In parts of what the stage took in base, where that is worth a number."""
        told = self.share >= SMALL
        change, low, high = (100 * one / (self.share if told else 1) for one in (self.change, self.low, self.high))
        digits = 0 if abs(change) >= 10 else 1
        sign = "+" if change > 0 else "−"
        shown = f"{sign}{abs(change):.{digits}f} % [{low:.{digits}f}, {high:.{digits}f}]".replace("[-", "[−")
        return f"{self.name}, {shown.replace(' -', ' −')}{'' if told else ' of the whole'}"


@dataclass(frozen=True)
class Lines:
    """What a line of the package holds at the peak, in bytes; its number is head's."""

    file: str
    line: int
    text: str
    base: int
    head: int

    def __str__(self) -> str:
        more = (self.head - self.base) / MIB
        return f"{self.file}:{self.line} (`{self.text}`), +{more:.2f} MiB of {self.head / MIB:.2f}"


@dataclass(frozen=True)
class Why:
    """What is known of a change of a benchmark, in a sentence and in numbers."""

    benchmark: str
    sentence: str
    pairs: int = 0
    stages: tuple[Stage, ...] = ()
    lines: tuple[Lines, ...] = ()


def explain(
    base: Build,
    head: Build,
    suite: Path,
    core: int | None,
    name: str,
    *,
    pairs: int = PAIRS,
    deadline: float = math.inf,
) -> Why:
    """Which stages of a benchmark take longer in head, or shorter.

    Parameters
    ----------
    suite : pathlib.Path
        As `prepare_suite` made it, for both builds.
    core : int or None
        Rounds are pinned to it. Imports are not.
    name : str
        A benchmark that both builds can run.
    pairs : int
        As many pairs of processes are run, a multiple of STEP, and OFTEN as many of the import; after the first STEP,
        none that would end after the deadline.
    deadline : float
        On the clock of `time.monotonic`.

    Raises
    ------
    CannotMeasure
        If a process fails as a whole.
    """
    source = PairSource(base, head, suite, core, deadline)
    if not source.fits(STEP, 1):  # the time is over
        return Why(name, "not explained: no time is left")
    if name == IMPORT:
        modules = import_times(base, head, suite, OFTEN * pairs, STEP, deadline)
        return judge(name, modules.pop(IMPORT), modules, rest="start of Python and the rest")
    prefix = f"{name}{STAGE_SIGN}"
    # This is not measured: it compiles what later processes load, and tells what can be run.
    first, second = observe((base, head), suite, core=core, timeout=600, only=prefix)
    known = {one for one in {*first.seconds, *second.seconds, *first.errors, *second.errors} if one.startswith(prefix)}
    both = {one for one in known if one in first.seconds and one in second.seconds}
    if not both:
        return Why(name, "not explained: base and head have no stages in common that can be measured")
    asked = frozenset({name, *both})
    times: list[Mapping[str, Floats]] = []
    while len(times) * STEP < pairs and source.fits(STEP, len(asked)):
        times.append(source(STEP, asked))
    if not times:
        return Why(name, "not explained: no time is left")
    seconds = {one: np.concatenate([each[one] for each in times], axis=1) for one in sorted(asked)}
    stages = {one.removeprefix(prefix): value for one, value in seconds.items() if one != name}
    return judge(name, seconds[name], stages, lost=len(known - both))


def judge(name: str, whole: Floats, calls: Mapping[str, Floats], lost: int = 0, rest: str = REST) -> Why:
    """Which stages changed.

    Parameters
    ----------
    whole : array of float, shape [2, pairs]
        Seconds of base and of head.
    calls : mapping
        The same of calls that do some stages, named by these, `neighbours+kernel`.
    lost : int
        Number of calls that one of the builds cannot run: then what they leave of the whole is more than `rest`.
    """
    unit = whole[0]
    parts = {stage: times / unit for stage, times in by_stage(calls).items()}  # [2, pairs]
    parts["everything that cannot be told apart" if lost else rest] = whole / unit - sum(parts.values())
    stages = tuple(_stage(stage, part, MISS / len(parts)) for stage, part in parts.items())
    pairs = whole.shape[1]
    return Why(name, _sentence(_stage("the whole", whole / unit, MISS), stages, pairs, lost), pairs, stages)


def by_stage(calls: Mapping[str, Floats]) -> dict[str, Floats]:
    """Seconds of each stage alone: those of a call less those of the longest one that it begins with.

    Stages that no call tells apart, because one cannot be run, have one name: "kernel and coupling".
    """
    found = {}
    for name, seconds in sorted(calls.items(), key=lambda item: item[0].count("+")):
        begins = [other for other in calls if name.startswith(f"{other}+")]
        before = max(begins, key=len, default="")
        words = name.removeprefix(before).strip("+").split("+")
        found[" and ".join(words)] = seconds - calls[before] if before else seconds
    return found


def _stage(name: str, part: Floats, level: float) -> Stage:
    """Of parts of base's whole, [2, pairs]; a stage that takes no time at all may come out below zero in a pair."""
    found = summarise(part[1] - part[0], SHARE)
    (low, high), (lowest, highest) = _interval(found, 0.05), _interval(found, level)
    share = float(summarise(part[0], SHARE).mean)
    return Stage(name, share, float(found.mean), low, high, changed=not lowest <= 0 <= highest)


def _interval(found: Summary, level: float) -> tuple[float, float]:
    half = stats.t.isf(level / 2, found.freedom) * found.error
    return float(found.mean - half), float(found.mean + half)


def _sentence(whole: Stage, stages: Sequence[Stage], pairs: int, lost: int) -> str:
    """For example "slower: neighbours, +12 % [10, 14]; everything else unchanged"."""
    changed = sorted((one for one in stages if one.changed), key=lambda one: -abs(one.change))
    if not whole.changed:  # perhaps for the noise of other stages
        told = f"no difference in {pairs} pairs that were measured stage by stage: {whole}"
        return told + "".join(f"; but {one}" for one in changed[:1] if abs(one.change) >= SMALL)
    word = "slower" if whole.change > 0 else "faster"
    large = [one for one in changed if abs(one.change) >= NOTICEABLE * abs(whole.change)]
    if not [one for one in large if one.change * whole.change > 0]:
        told = f"{word}: {whole}; no stage alone"
    else:
        small = [one.name for one in changed[len(large) :]]
        named = ", ".join(small[:MOST_SMALL]) + (f" and {len(small) - MOST_SMALL} more" if small[MOST_SMALL:] else "")
        others = f"little in {named}" if small else "everything else unchanged"
        told = f"{word}: {'; '.join(map(str, large))}; {others}"
    return told + (f" ({lost} stages can't be measured with both)" if lost else "")


def allocating_lines(base: Build, head: Build, suite: Path, core: int | None, name: str) -> Why:
    """Which lines hold more memory in head, at the peak of a call of a benchmark that both can run.

    Raises
    ------
    CannotMeasure
        If a process fails as a whole.
    """
    found = []
    for build in (base, head):
        (one,) = observe([build], suite, core=core, timeout=300, lines=True, names=frozenset({name}))
        if name not in one.lines:
            return Why(name, f"not explained: {build.name} ran it before, and now did not: {one.errors.get(name, '')}")
        found.append(one.lines[name])
    more = growing(*found)
    if more:
        return Why(name, f"more memory: {'; '.join(map(str, more))}", lines=more)
    return Why(name, "more memory, but no line allocates more of what tracemalloc sees")


def growing(base: Sequence[Line], head: Sequence[Line]) -> tuple[Lines, ...]:
    """Lines that hold clearly more in head than in base; those that grew most, first.

    They go by their text, as their numbers differ from commit to commit.
    """
    before = Counter[tuple[str, str]]()
    for file, _, text, size in base:
        before[file, text] += size
    least = max(MORE_BYTES, MORE * sum(size for *_, size in head))
    grown = [Lines(file, line, text, before[file, text], size) for file, line, text, size in head]
    grown = [one for one in grown if one.head - one.base >= least]
    return tuple(sorted(grown, key=lambda one: one.base - one.head)[:MOST_LINES])
