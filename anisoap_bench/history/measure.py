"""Measure what a history lacks, commit by commit, and write down each pair as soon as it is measured."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.builds import Builds
from anisoap_bench.gate.drive import observe, warm_up
from anisoap_bench.gate.pairs import Values, measure_pair
from anisoap_bench.gate.why import explain
from anisoap_bench.gate.worker import has_text
from anisoap_bench.history.book import Book
from anisoap_bench.history.line import FirstParents
from anisoap_bench.history.plan import wanted
from anisoap_bench.json_lines import append
from anisoap_bench.terminal import note

EXPLAINED = 3
"""Changes of one commit that are explained."""


class OutOfTime(Exception):
    """Nothing more is begun."""


class Session:
    """One run, which adds to a recording.

    Parameters
    ----------
    book : Book
        What the recording says so far.
    file : pathlib.Path
        The recording.
    line : FirstParents
        The commits of the repository.
    builds : Builds
        Of these.
    core : int or None
        On which rounds run.
    end : float
        On the clock of `time.monotonic`; nothing is begun after it.
    only : str
        Benchmarks with this in their name, see `has_text`. A commit that is new is asked for no others.
    memory : bool
        Pairs measure peak memory, not time.
    """

    def __init__(
        self,
        book: Book,
        file: Path,
        line: FirstParents,
        builds: Builds,
        *,
        core: int | None,
        end: float,
        only: str,
        memory: bool = False,
    ) -> None:
        self.book, self.file, self.line, self.builds = book, file, line, builds
        self.core, self.end, self.only, self.memory = core, end, only, memory

    def measure(self, commits: Sequence[str]) -> None:
        """Measure commits, the oldest first, each with all that was measured before; OutOfTime where it ends early."""
        newest = max({*commits, *self.book.of}, key=self.line.numbers.__getitem__)
        for commit in commits:
            self.meet(commit, again=True)
            if not self.book.of[commit].gap:
                self._pairs(commit, newest=commit == newest)
                self._amounts(commit)
        self._explain()

    def meet(self, commit: str, *, again: bool = False) -> Build | None:
        """Build a commit, compile, and learn what it can run; None where it cannot be measured.

        A gap is tried again if asked for: what kept it from being built may be gone. CannotMeasure if a commit that
        could be measured now cannot.
        """
        known = self.book.of.get(commit)
        if known and known.gap and not again:
            return None
        self._in_time()
        build, line = None, {**self.line.about(commit), "asked": self.only}
        try:
            build = self.builds.get(commit)
            is_known = known is not None and not known.gap and bool(known.asked & {"", self.only})
            if is_known and self.is_ready(commit):
                return build
            (found,) = warm_up([build], self.builds.suite, core=self.core, only=self.only)
            self.builds.compiled.add((commit, self.only))
            line |= {"commit": commit, "runs": sorted(found.seconds), "errors": found.errors}
        except CannotMeasure as error:
            if known and not known.gap:
                raise CannotMeasure(f"{commit[:10]} could be measured, and now cannot: {error}") from error
            build, is_known, line = None, False, {**line, "gap": commit, "why": str(error)}
            note(f"{commit[:10]}: {error}")
        if not is_known:
            self._write(line)
        return build

    def is_ready(self, commit: str) -> bool:
        """Whether a commit is built and all that is asked for is compiled, by this run."""
        return not self.builds.compiled.isdisjoint({(commit, ""), (commit, self.only)})

    def _pairs(self, commit: str, *, newest: bool) -> None:
        names = sorted(self._asked(commit))
        while todo := wanted(self.book, commit, names, newest=newest):
            for pairs in todo:
                base, head = self.meet(pairs.base), self.meet(pairs.head)
                assert base is not None  # gaps are on no benchmark's line
                assert head is not None
                note(f"{pairs.head[:10]} against {pairs.base[:10]}: {pairs.number} pairs of {_names(pairs.benchmarks)}")
                for number in range(pairs.number):
                    self.pair(base, head, frozenset(pairs.benchmarks), swapped=number % 2 == 1)

    def pair(self, base: Build, head: Build, names: frozenset[str], *, swapped: bool) -> Values:
        """One pair of these benchmarks, see `measure_pair`."""
        self._in_time()
        values = measure_pair(base, head, self.builds.suite, self.core, names, swapped=swapped, memory=self.memory)
        self._write({"base": base.commit, "head": head.commit, "values": values})
        return values

    def _amounts(self, commit: str) -> None:
        """Memory, counts and errors, which hardly vary, once."""
        names = self._asked(commit)
        if names <= set(self.book.amounts.get(commit, {})):
            return
        self._in_time()
        build = self.meet(commit)
        assert build is not None
        (one,) = observe([build], self.builds.suite, core=self.core, amounts=True, names=frozenset(names), timeout=300)
        self._write({"of": commit, "amounts": {**self.book.amounts.get(commit, {}), **one.amounts}})

    def _explain(self) -> None:
        """For the largest changes of each commit which stage it is, if nobody has looked yet."""
        known, explained = self.book.commits, Counter[str]()
        for change in sorted(self.book.changes(), key=lambda one: -abs(math.log(one.ratio))):
            commit, before = known[change.commit].hash, known[change.after].hash
            explained[commit] += 1
            if (commit, change.benchmark) in self.book.reasons or explained[commit] > EXPLAINED:
                continue
            self._in_time()
            base, head = self.meet(before), self.meet(commit)
            assert base is not None
            assert head is not None
            note(f"{commit[:10]}: why {change.benchmark} changed")
            why = explain(base, head, self.builds.suite, self.core, change.benchmark, deadline=self.end)
            self._write({"change": commit, "benchmark": change.benchmark, "why": why.sentence, "found": asdict(why)})

    def _asked(self, commit: str) -> set[str]:
        return {name for name in self.book.of[commit].runs if has_text(name, self.only)}

    def _in_time(self) -> None:
        if time.monotonic() >= self.end:
            raise OutOfTime

    def _write(self, line: Mapping[str, Any]) -> None:
        line = {**line, "at": round(time.time(), 1)}
        self.book.take(line)
        append(self.file, json.dumps(line))


def _names(benchmarks: Sequence[str]) -> str:
    return benchmarks[0] if len(benchmarks) == 1 else f"{len(benchmarks)} benchmarks"
