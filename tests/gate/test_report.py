"""What the reports say, and how a run ends, of made-up results."""

import json
import math
from dataclasses import replace

import pytest

from anisoap_bench.gate import report
from anisoap_bench.gate.result import Amount, Comparison, Decision, FidelityCheck, GateResult


def comparison(name, verdict="not slower", ratio=1.0, confirmed=None):
    return Comparison(name, 8, ratio, ratio - 0.02, ratio + 0.02, 0.25, verdict, confirmed)


SLOW = comparison("kernel", "slower", 1.21, True)
FAST = comparison("expansion", ratio=0.8)
SAME = comparison("import")
ONCE = comparison("benzenes", confirmed=False)
OPEN = comparison("power", "unknown")
GOOD = (FidelityCheck("descriptors of benzenes", True), FidelityCheck("fidelity tests", True))
WRONG = (*GOOD, FidelityCheck("descriptors of ellipsoids", False, "largest difference 0.1 at\n[3, 4]"))
FAT = Amount("power", "peak memory", 100 * 2**20, 120 * 2**20, limit=1.1, unit="B")
LEAN = replace(FAT, head=101 * 2**20)
COUNTED = Amount("kernel", "torch operations", 1000, 1100, limit=1.1)
LOST = {"power": "head's files have it no more"}
PASSED, NOT_MEASURED = "PASSED: same results, nothing slower", "NOT MEASURED: nothing can be said"
OVERRIDDEN = "PASSED by --override (label perf-regression-ok)"
WRONG_RESULTS = "FAILED: wrong results (descriptors of ellipsoids)"
BASE, HEAD = "b" * 40, "c" * 40


def result(*comparisons, **more):
    decision = Decision(comparisons, 8, 14) if comparisons else None
    return GateResult(BASE, HEAD, **{"fidelity": GOOD, "decision": decision, **more})


@pytest.mark.parametrize(
    ("found", "code", "headline"),
    [
        (result(SAME, FAST), 0, PASSED),
        (result(SAME, ONCE, memory=(LEAN,), counters=(COUNTED,), new=("power",)), 0, PASSED),
        (result(SAME, uncompared=LOST), 2, "UNDECIDED: not compared: power"),
        (result(SAME, SLOW, uncompared=LOST), 1, "FAILED: slower: kernel; not compared: power"),
        (result(SAME, override=True, uncompared=LOST), 0, f"{OVERRIDDEN}: not compared: power"),
        (result(SLOW, OPEN), 1, "FAILED: slower: kernel; unknown: power"),
        (result(SAME, memory=(FAT,)), 1, "FAILED: over the limit: power (peak memory)"),
        (result(SAME, counters=(FAT,)), 1, "FAILED: over the limit: power (peak memory)"),
        (result(SAME, OPEN), 2, "UNDECIDED: unknown: power"),
        (result(SAME, SLOW, override=True), 0, f"{OVERRIDDEN}: slower: kernel"),
        (result(SAME, OPEN, override=True), 0, f"{OVERRIDDEN}: unknown: power"),
        (result(SAME, override=True), 0, PASSED),
        (result(SAME, fidelity=WRONG, override=True), 1, WRONG_RESULTS),
        (result(fidelity=WRONG, message="base does not build"), 1, WRONG_RESULTS),
        (result(SAME, fidelity=()), 2, NOT_MEASURED),
        (result(override=True), 2, NOT_MEASURED),
        (result(decision=Decision((), 0, 0), new=("kernel",)), 2, NOT_MEASURED),
        (result(SAME, message="the clone is shallow"), 2, NOT_MEASURED),
    ],
)
def test_exit_code_and_headline(found, code, headline):
    """Nothing measured is never a pass; a wrong result blocks whatever the label; the label is always shown."""
    assert found.exit_code == code
    assert report.headline(found) == headline
    assert report.terminal(found).rstrip().endswith(headline)
    assert report.markdown(found).splitlines()[1] == f"## {headline}"
    told = json.loads(report.as_json(found))
    assert (told["exit_code"], told["headline"]) == (code, headline)


FULL = result(
    *(SLOW, FAST, ONCE, OPEN),
    memory=(FAT,),
    counters=(COUNTED,),
    new=("four_species",),
    uncompared={"kernel-old": "it is gone"},
    environment={"processor": "x9"},
)


@pytest.mark.parametrize("text", [report.terminal(FULL), report.markdown(FULL)], ids=["terminal", "markdown"])
def test_everything_is_in_the_text(text):
    for words in (
        *("kernel", "1.210", "1.190 to 1.230", "slower, confirmed"),
        *("expansion", "0.800", "0.780 to 0.820", "faster"),
        *("benzenes", "flagged once", "unknown", "8 pairs of processes, 14 more to confirm"),
        *("100.00 MiB", "120.00 MiB", "1.200", "over 1.1"),
        *("1,000", "1,100", "1.100", "ok"),
        *("new, base cannot run them: four_species", "not compared: kernel-old: it is gone"),
        *("processor: x9", "results: 2 of 2 checks passed"),
    ):
        assert words in text


def test_every_benchmark_has_one_row():
    rows = [" ".join(line.split()) for line in report.markdown(FULL).splitlines() if line.startswith("| kernel ")]
    assert rows == [
        "| kernel | 1.210 | 1.190 to 1.230 | 0.25 | 8 | slower, confirmed |",
        "| kernel | torch operations | 1,000 | 1,100 | 1.100 | ok |",
    ]


def test_the_comment_can_be_found_again():
    assert report.markdown(FULL).startswith("<!-- anisoap-gate -->\n")  # as .github/workflows looks for it
    assert report.MARKER not in report.terminal(FULL)


@pytest.mark.parametrize("show", [report.terminal, report.markdown])
@pytest.mark.parametrize(
    ("found", "words"),
    [
        (result(SAME, override=True), ["--override (label perf-regression-ok)"]),  # even if nothing needed it
        (
            result(SAME, only="imp"),
            ["nothing slower of what has 'imp' in its name", "only the benchmarks with 'imp' in their name were run"],
        ),
        (
            result(decision=Decision((OPEN,), 8, 0, ran_out=True)),
            ["the time limit left no room for more pairs: what is not settled stays unknown"],
        ),
        (
            result(message="the clone is shallow", fidelity=()),
            ["could not measure: the clone is shallow", "results were not checked", "no time was compared"],
        ),
    ],
    ids=["label", "part", "time limit", "not measured"],
)
def test_conditions_are_told_and_only_where_they_hold(show, found, words):
    for each in words:
        assert each in show(found)
        assert each not in show(result(SAME, FAST))


def test_words_of_the_head_stay_words():
    """The comment is written with rights that the head's author may not have: no tags, mentions, links or rows."""
    name = "a|b <img src=x> @someone [link](http://x) `c`\n| d |"
    wrong = FidelityCheck(name, False, name)
    for found in (result(comparison(name)), result(SAME, fidelity=(wrong,)), result(message=name), result(new=(name,))):
        text = report.markdown(found)
        for sign in ("<img", "@someone", "[link]", "`c`", "\n| d |"):
            assert sign not in text
    table = [line for line in report.markdown(result(comparison(name))).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {7}


def test_json_is_json():
    odd = result(replace(SLOW, p_value=None), memory=(FAT,))
    found = json.loads(report.as_json(odd), parse_constant=pytest.fail)
    assert found["decision"]["comparisons"][0]["p_value"] is None
    assert found["memory"][0]["head"] == FAT.head
    assert found["base"] == BASE
    assert "| 1.190 to 1.230 | – | 8 " in " ".join(report.terminal(odd).split())


@pytest.mark.parametrize(
    ("base", "head", "slack", "over"),
    [
        (100, 110, 0, False),
        (100, 111, 0, True),
        (100, 111, 5, False),
        (0, 0, 0, False),
        (0, 1, 0, True),
        (1, math.nan, 0, True),
    ],
)
def test_limit_and_slack(base, head, slack, over):
    assert Amount("a", "b", base, head, limit=1.1, slack=slack).over is over


def test_faster_is_said_only_with_the_interval_below_one():
    assert "faster" not in report.terminal(result(comparison("a", ratio=0.99)))
    assert "faster" in report.terminal(result(comparison("a", ratio=0.97)))
