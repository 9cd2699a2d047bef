"""Two processes that take turns: when, where, and what becomes of one if the other or the gate ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import drive, turns
from anisoap_bench.gate.build import Build
from tests.benchmarks.conftest import LEVELS, PLACES, ROUNDS
from tests.gate.builds import doing, installed
from tests.gate.processes import goes_on

LOOKING = """
import json, os, sys, threading, time

threading.Thread(target=threading.Event().wait, daemon=True).start()  # as a pool that outlives the first call

def look(what):
    threads = sorted(map(int, os.listdir("/proc/self/task"))) if hasattr(os, "sched_getaffinity") else []
    cores = [sorted(os.sched_getaffinity(thread)) for thread in threads]
    with open(FILE, "a") as stream:
        stream.write(json.dumps([NAME, what, time.monotonic(), cores, sorted(os.environ.items()), depth()]) + "\\n")

def depth():
    frame, count = sys._getframe(), 0
    while frame:
        frame, count = frame.f_back, count + 1
    return count
"""


def in_a_round(*lines: str) -> str:
    """The package, with these lines in its benchmark, which are run in the second call: the first one is not timed."""
    return "CALLS = 0\n" + doing("global CALLS", "CALLS += 1", "if CALLS == 2:", *(f"    {line}" for line in lines))


def looking(tmp_path: Path, name: str) -> Build:
    """A build that writes down what it does when."""
    given = f"NAME = {name!r}\nFILE = {str(tmp_path / 'seen')!r}\n"
    return installed(tmp_path, name, LOOKING + given + doing("look('begins')", "time.sleep(0.02)", "look('ends')"))


Seen = dict[str, list[list[Any]]]


@pytest.fixture
def seen(tmp_path: Path, suite: Path) -> Seen:
    """What the processes of a pair did, in the order of time; a round of the benchmark is two calls.

    Per process: the call that compiles, the rounds, and pytest-benchmark's own call for a result.
    """
    core = drive.core_to_use(None)
    pair = drive.observe_pair(looking(tmp_path, "base"), looking(tmp_path, "head"), suite, core=core)
    for found in pair:
        assert set(found.seconds) == {"loop", "memory", "late"}
        assert found.seconds["loop"] > 0.02
    lines = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    by_name = {name: [line for line in lines if line[0] == name] for name in ("base", "head")}
    for of_one in by_name.values():
        assert [line[1] for line in of_one] == ["begins", "ends"] * (1 + 2 * ROUNDS + 1)
    return by_name


def test_rounds_alternate_and_never_overlap(seen: Seen) -> None:
    rounds = []
    for name, lines in seen.items():
        times = [line[2] for line in lines][2:-2]
        rounds += [(times[k], times[k + 3], name) for k in range(0, len(times), 4)]
    rounds.sort()
    assert [name[0] for _, _, name in rounds] == [{"A": "b", "B": "h"}[x] for x in "ABBABAABBAABABBA"[: 2 * ROUNDS]]
    assert all(end < begin for (_, end, _), (begin, _, _) in zip(rounds, rounds[1:], strict=False))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux pins processes")
def test_rounds_are_pinned_and_what_is_between_them_is_not(seen: Seen) -> None:
    free = [sorted(os.sched_getaffinity(0))] * 2  # of both threads, see LOOKING
    pinned = [[drive.core_to_use(None)]] * 2
    for lines in seen.values():
        assert [line[3] for line in lines] == [free] * 2 + [pinned] * 4 * ROUNDS + [free] * 2


def test_calls_come_from_places_in_turn(seen: Seen) -> None:
    for lines in seen.values():
        depths = [line[5] for line in lines if line[1] == "begins"][1:-1]  # those of rounds
        assert [depth - depths[0] for depth in depths] == [LEVELS * (k % PLACES) for k in range(len(depths))]


def test_both_have_the_same_environment_but_for_names_of_equal_length(seen: Seen) -> None:
    one, other = (dict(lines[0][4]) for lines in seen.values())
    assert {key: len(value) for key, value in one.items()} == {key: len(value) for key, value in other.items()}
    assert turns.VARIABLE in one


def observe_pair(suite: Path, head: str, **more: Any) -> list[drive.Observation]:
    """A pair of the small package and another head."""
    builds = installed(suite.parent, "base"), installed(suite.parent, "head", head)
    return drive.observe_pair(*builds, suite, core=None, **more)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("import os\nos._exit(5)\n", "a process of head failed with code 5"),
        (in_a_round("import os", "os._exit(6)"), "a process of head failed with code 6"),
        (in_a_round("raise ValueError('no')"), "head cannot run these benchmarks now: .*loop.*ValueError: no"),
    ],
    ids=["at once", "in a round", "one benchmark"],
)
def test_a_pair_of_which_one_fails_says_which(suite: Path, head: str, words: str) -> None:
    with pytest.raises(CannotMeasure, match=words):
        observe_pair(suite, head)


def test_a_child_that_one_forked_and_left_is_not_waited_for(suite: Path) -> None:
    """It keeps the line open."""
    forking = in_a_round("import os, time", "if not os.fork(): time.sleep(600); os._exit(0)")
    assert all("loop" in one.seconds for one in observe_pair(suite, forking, timeout=60))


def test_a_pair_that_hangs_is_ended(suite: Path, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    told = f"open({str(file)!r}, 'w').write(str(os.getpid()))"
    with pytest.raises(CannotMeasure, match="took longer than 10 s"):
        observe_pair(suite, in_a_round("import os, time", told, "time.sleep(600)"), timeout=10)
    assert not goes_on(int(file.read_text()))


@pytest.fixture
def lines() -> Iterator[tuple[list[socket.socket], list[socket.socket]]]:
    """The gate's ends and the processes' ends."""
    pairs = [socket.socketpair() for _ in range(2)]
    yield [ours for ours, _ in pairs], [theirs for _, theirs in pairs]
    for pair in pairs:
        for line in pair:
            line.close()


def test_nobody_goes_before_all_are_ready(lines: Any) -> None:
    ours, (one, other) = lines
    referee = threading.Thread(target=turns.take_turns, args=(ours, time.monotonic() + 60))
    referee.start()
    one.sendall(turns.READY)
    one.settimeout(0.2)
    with pytest.raises(TimeoutError):
        one.recv(1)
    one.settimeout(10)
    other.sendall(turns.READY)
    assert one.recv(1) == turns.GO
    other.settimeout(0.2)
    with pytest.raises(TimeoutError):
        other.recv(1)
    one.close()  # in the middle of its round
    other.settimeout(10)
    assert other.recv(1) == turns.GO
    other.sendall(turns.DONE)
    assert other.recv(1) == turns.GO
    for _ in range(2):  # the rest of its rounds are its alone
        for word in (turns.READY, turns.DONE):
            other.sendall(word)
            assert other.recv(1) == turns.GO
    other.close()
    referee.join(10)
    assert not referee.is_alive()


def test_the_time_limit(lines: Any) -> None:
    with pytest.raises(TimeoutError):
        turns.take_turns(lines[0], time.monotonic() + 0.1)
    with pytest.raises(TimeoutError):
        turns.take_turns(lines[0], time.monotonic() - 1)


@pytest.mark.parametrize("heard", [b"", turns.READY, turns.READY + turns.DONE])
def test_a_process_whose_gate_is_gone_ends(lines: Any, heard: bytes) -> None:
    """Before it asks for a turn, while it waits for it, and after its round."""
    (ours, _), (theirs, _) = lines
    code = (
        "import sys\nfrom anisoap_bench.gate import turns\nsys.stdin.readline()\n"
        "turns.timer()\nturns.timer()\nprint('measured')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, turns.VARIABLE: turns.words_for(theirs, None)},
        pass_fds=(theirs.fileno(),),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        theirs.close()
        if not heard:
            ours.close()
        assert process.stdin
        process.stdin.write(b"go on\n")
        process.stdin.flush()
        for word in heard:
            assert ours.recv(1) == bytes([word])
            if word != heard[-1]:
                ours.sendall(turns.GO)
        ours.close()
        assert process.communicate(timeout=30)[0] == b""
        assert process.returncode == 3


def test_without_a_line_the_clock_is_an_ordinary_one() -> None:
    assert turns.timer is time.perf_counter
