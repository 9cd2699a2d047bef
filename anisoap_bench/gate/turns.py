"""Two processes that live at the same time run their rounds in turn: both ends of the line that tells them when.

While one runs a round the other waits, and so do both until the round of either is over; what lies between rounds they
do side by side. The file is copied beside the benchmark files, where pytest-benchmark takes `timer` for its clock.
"""

from __future__ import annotations

import atexit
import itertools
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

VARIABLE = "ANISOAP_GATE_TURNS"
"""Number of the open socket to ask for turns, and the core of the rounds, or a minus sign."""

WIDTH = 4
"""Digits of either, always as many: the length of the environment moves the stack."""

READY, DONE, GO = b"?", b".", b"!"
NOBODY = b""
"""What is heard from a process that has ended."""


class Turns:
    """The end of the measured process: rounds are run on the core; what is between them, on any that it had."""

    def __init__(self, line: socket.socket, core: int | None) -> None:
        self.line = line
        self.pinned = {core} if core is not None and hasattr(os, "sched_setaffinity") else set()
        self.free = os.sched_getaffinity(0) if self.pinned else set()
        self.running = False
        self.process = os.getpid()
        atexit.register(self.leave)

    @classmethod
    def from_words(cls, words: str) -> Turns:
        """The end that `words_for` describes."""
        line, core = words.split(":")
        os.set_inheritable(int(line), False)  # else a child that goes on would hide that this process has ended
        return cls(socket.socket(fileno=int(line)), None if core.startswith("-") else int(core))

    def timer(self) -> float:
        """Seconds of a clock that is read when a round begins, after waiting for the turn, and when it ends."""
        if self.running:
            now = time.perf_counter()
            self._ask(DONE, self.free)
            self.running = False
            return now
        self._ask(READY, self.pinned)
        self.running = True
        return time.perf_counter()

    def leave(self) -> None:
        """Tell the gate that this process ends: a child that it forked may hold the line open for longer."""
        if os.getpid() == self.process:
            with suppress(OSError):
                self.line.shutdown(socket.SHUT_RDWR)

    def _ask(self, word: bytes, cores: set[int]) -> None:
        try:
            self.line.sendall(word)
            answer = self.line.recv(1)
        except OSError:
            answer = NOBODY
        if answer != GO:
            os._exit(3)  # the gate is gone: there is nobody to tell
        if cores:
            _move_to(cores)


def _move_to(cores: set[int]) -> None:
    """Let all threads of this process run on these cores and no other."""
    for thread in os.listdir("/proc/self/task"):
        with suppress(ProcessLookupError):  # it has ended since
            os.sched_setaffinity(int(thread), cores)


def words_for(line: socket.socket, core: int | None) -> str:
    """What the environment of a measured process says, of the same length for every process."""
    return f"{line.fileno():0{WIDTH}}:{'-' * WIDTH if core is None else f'{core:0{WIDTH}}'}"


def take_turns(lines: Sequence[socket.socket], deadline: float) -> None:
    """Let processes run their rounds until all have ended; one that ends early, for whatever reason, is not waited for.

    Two of them go in the order of Thue and Morse, ABBA BAAB BAAB ABBA …: four rounds of each have the same place in
    time on average, and come as often after a round of their own, when the caches are still theirs. All go forwards
    where the number of the round has an even number of ones in binary, else backwards. TimeoutError if they have not
    ended by the deadline, on the clock of `time.monotonic`.
    """
    for number in itertools.count():
        here = [line for line in lines if _hear(line, deadline) == READY]
        if not here:
            return
        for line in reversed(here) if number.bit_count() % 2 else here:
            _let_go(line)
            _hear(line, deadline)
        for line in here:
            _let_go(line)


def _hear(line: socket.socket, deadline: float) -> bytes:
    line.settimeout(max(deadline - time.monotonic(), 0.001))
    try:
        return line.recv(1)
    except ConnectionError:
        return NOBODY


def _let_go(line: socket.socket) -> None:
    with suppress(ConnectionError):
        line.sendall(GO)


# pytest-benchmark finds the clock by its name, and the method has the same one.
timer = Turns.from_words(os.environ[VARIABLE]).timer if VARIABLE in os.environ else time.perf_counter
"""The clock of rounds in this process: an ordinary one where nobody else wants a turn."""
