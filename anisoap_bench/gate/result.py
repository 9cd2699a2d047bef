"""What a run of the gate found, as records; the exit code follows from them alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from anisoap_bench.gate.why import Why

PASS, REGRESSION, NOT_MEASURED = 0, 1, 2

Verdict = Literal["slower", "not slower", "unknown"]


@dataclass(frozen=True)
class FidelityCheck:
    """One check of the numbers: a test of fidelity, or base against head on one benchmark's input."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True)
class Comparison:
    """Times of one benchmark, head against base: ratio with two-sided 95 % interval, of the winsorised log ratios.

    Only the verdict "slower" blocks: it is reached in both phases or not at all.
    """

    name: str
    pairs: int  # that the figures come from: of the phase that confirms, if there was time for it, or of the first one
    ratio: float
    low: float
    high: float
    p_value: float | None  # one-sided, of "head is not slower", for this benchmark alone; None without a test
    verdict: Verdict
    confirmed: bool | None = None  # None: never flagged; False: flagged once only, be it for want of time


@dataclass(frozen=True)
class Decision:
    """All verdicts on time, how many pairs of processes each phase took, and whether time ran out before the last."""

    comparisons: tuple[Comparison, ...]
    first_pairs: int
    confirming_pairs: int
    ran_out: bool = False

    @property
    def pairs(self) -> int:
        """Of both phases."""
        return self.first_pairs + self.confirming_pairs

    @property
    def exit_code(self) -> int:
        """1 if anything is slower, else 2 if anything is unknown or nothing was measured, else 0."""
        verdicts = {comparison.verdict for comparison in self.comparisons}
        if "slower" in verdicts:
            return REGRESSION
        return PASS if verdicts == {"not slower"} else NOT_MEASURED


@dataclass(frozen=True)
class Amount:
    """A number that hardly varies, of base and of head: peak memory, or a count of operations."""

    benchmark: str
    quantity: str  # what was counted, for example "peak memory" or "torch operations"
    base: float
    head: float  # may be up to `limit` times base, plus `slack`
    limit: float
    slack: float = 0.0  # in the unit of the number
    unit: str = ""  # "B" is printed as MiB; "" for a plain count

    @property
    def ratio(self) -> float:
        """head/base; 1 if both are 0."""
        if self.base == 0:
            return 1.0 if self.head == 0 else float("inf")
        return self.head / self.base

    @property
    def over(self) -> bool:
        """Whether head is over its limit."""
        return not self.head <= self.limit * self.base + self.slack  # not a number is over


@dataclass(frozen=True)
class GateResult:
    """Everything that the reports show."""

    base: str  # full hash, or the words of the user where no commit was found, as of head
    head: str
    fidelity: tuple[FidelityCheck, ...] = ()  # empty if the run ended before: then nothing can pass
    decision: Decision | None = None  # None if no time was compared
    new: tuple[str, ...] = ()
    """Benchmarks that base's files do not have and base cannot run, and descriptors by backends that base has not."""
    uncompared: Mapping[str, str] = field(default_factory=dict)
    """Why something that base should be able to compute was not compared: it is as open as what is unknown."""
    memory: tuple[Amount, ...] = ()
    counters: tuple[Amount, ...] = ()
    why: tuple[Why, ...] = ()
    """Of what is slower or needs more memory: which stages, which lines. It decides nothing."""
    override: bool = False
    """What was measured no longer blocks; a wrong number still does, and so does a run that measured nothing."""
    only: str = ""  # benchmarks without this in their name were left out
    environment: Mapping[str, Any] = field(default_factory=dict)  # conditions of the run, printed as given
    message: str | None = None  # why it could not measure

    def with_more(
        self, fidelity: Iterable[FidelityCheck], new: Iterable[str] = (), uncompared: Mapping[str, str] | None = None
    ) -> GateResult:
        """A copy with further findings."""
        return replace(
            self,
            fidelity=(*self.fidelity, *fidelity),
            new=(*self.new, *new),
            uncompared={**self.uncompared, **(uncompared or {})},
        )

    @property
    def wrong(self) -> tuple[FidelityCheck, ...]:
        """Checks of fidelity that failed."""
        return tuple(check for check in self.fidelity if not check.passed)

    @property
    def over(self) -> tuple[Amount, ...]:
        """Amounts over their limit."""
        return tuple(amount for amount in (*self.memory, *self.counters) if amount.over)

    @property
    def measured(self) -> bool:
        """Whether both the numbers and the times of at least one benchmark were compared, to the end."""
        compared = self.decision is not None and bool(self.decision.comparisons)
        return self.message is None and bool(self.fidelity) and compared

    @property
    def performance_code(self) -> int:
        """The exit code of times, memory, counters and what is not compared, without the override."""
        if not self.measured or self.decision is None:
            return NOT_MEASURED
        if self.over or self.decision.exit_code == REGRESSION:
            return REGRESSION
        return NOT_MEASURED if self.uncompared else self.decision.exit_code

    @property
    def exit_code(self) -> int:
        """0 pass, 1 wrong or regressed, 2 not measured or not decided."""
        if self.wrong:
            return REGRESSION
        if not self.measured:
            return NOT_MEASURED
        return PASS if self.override else self.performance_code
