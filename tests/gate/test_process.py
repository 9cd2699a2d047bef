"""Commands and signals: nothing is left behind, and nothing that was found is lost."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from anisoap_bench.gate.process import REMEMBERED, interruptible, run, uninterrupted
from tests.gate.processes import goes_on


def test_what_is_still_running_when_a_command_ends_is_ended(tmp_path: Path) -> None:
    code = "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"
    done = run([sys.executable, "-c", code], folder=tmp_path, timeout=60)
    assert not goes_on(int(done.output))


def test_only_the_end_of_what_a_process_prints_is_kept(tmp_path: Path) -> None:
    words = [sys.executable, "-c", f"print('x' * {2 * REMEMBERED}); print('the end')"]
    done = run(words, folder=tmp_path, timeout=60)
    assert len(done.output) == REMEMBERED
    assert done.output.endswith("x\nthe end\n")


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    """Under nohup, a gate outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_does_not_cut_the_cleaning_up_short() -> None:
    done = []

    def work() -> None:
        with interruptible():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGTERM)
                done.append("cleaned")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["cleaned"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_while_cleaning_up_loses_no_verdict() -> None:
    with interruptible():
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
