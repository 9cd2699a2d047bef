"""What a run of the gate found, as records; the exit code follows from them alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

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
    """Times of one benchmark, head against base.

    Attributes
    ----------
    pairs : int
        Pairs of processes that the figures come from: of the phase named by `confirmed`, or of the first one where
        there was no time to confirm.
    ratio, low, high : float
        head/base and its two-sided 95 % interval, from the winsorised mean of the log ratios.
    p_value : float
        One-sided, of "head is not slower", for this benchmark alone.
    verdict : "slower", "not slower" or "unknown"
        Only "slower" blocks: it is reached in both phases or not at all.
    confirmed : bool or None
        None: never flagged. True: flagged, and flagged again by fresh pairs. False: flagged once only, be it
        for want of time.
    """

    name: str
    pairs: int
    ratio: float
    low: float
    high: float
    p_value: float
    verdict: Verdict
    confirmed: bool | None = None


@dataclass(frozen=True)
class Decision:
    """All verdicts on time, how many pairs of processes each phase took, and whether time ran out before the last."""

    comparisons: tuple[Comparison, ...]
    first_pairs: int
    confirming_pairs: int
    ran_out: bool = False

    @property
    def exit_code(self) -> int:
        """1 if anything is slower, else 2 if anything is unknown or nothing was measured, else 0."""
        verdicts = {comparison.verdict for comparison in self.comparisons}
        if "slower" in verdicts:
            return REGRESSION
        return PASS if verdicts == {"not slower"} else NOT_MEASURED


@dataclass(frozen=True)
class Amount:
    """A number that hardly varies, of base and of head: peak memory, or a count of operations.

    Attributes
    ----------
    quantity : str
        What was counted, for example "peak memory" or "torch operations".
    unit : str
        "B" is printed as MiB; "" for a plain count.
    limit : float
        head may be up to this times base, plus `slack`.
    slack : float
        In the unit of the number.
    """

    benchmark: str
    quantity: str
    base: float
    head: float
    limit: float
    slack: float = 0.0
    unit: str = ""

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
    """Everything that the reports show.

    Attributes
    ----------
    base, head : str
        Full hashes, or the words of the user where no commit was found.
    fidelity : tuple of FidelityCheck
        Empty if the run ended before: then nothing can pass.
    decision : Decision or None
        None if no time was compared.
    new : tuple of str
        Benchmarks that base's files do not have and base cannot run, and descriptors by backends that base has not.
    uncompared : mapping
        Why, by name, something that base should be able to compute was not compared: it is as open as what is unknown.
    memory, counters : tuple of Amount
    override : bool
        The label ``perf-regression-ok`` was set: what was measured no longer blocks. A wrong number still does,
        and so does a run that measured nothing.
    only : str
        Benchmarks without this in their name were left out; empty if none was.
    environment : mapping
        Conditions of the run, printed as given.
    message : str or None
        Why it could not measure.
    """

    base: str
    head: str
    fidelity: tuple[FidelityCheck, ...] = ()
    decision: Decision | None = None
    new: tuple[str, ...] = ()
    uncompared: Mapping[str, str] = field(default_factory=dict)
    memory: tuple[Amount, ...] = ()
    counters: tuple[Amount, ...] = ()
    override: bool = False
    only: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None

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
