import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from anisoap_bench.calibration import recording
from anisoap_bench.calibration.plant import plant
from anisoap_bench.calibration.recording import BASE, PLANTED, TWIN
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.json_lines import append
from tests.calibration.recordings import CONDITIONS, Pairs, record
from tests.gate.processes import goes_on

FULL = Path("/dev/full")
only_linux_pins = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux pins processes")


def test_blocks_are_in_the_order_abba(tmp_path):
    calls = record(tmp_path / "r.jsonl", Pairs(4), every=0)
    assert calls == [(BASE, TWIN), (TWIN, BASE)] * 2


def test_planted_heads_come_in_turn():
    expected = [each for planted in ("p03", "p05", "p10", "p03") for each in (TWIN, TWIN, planted)]
    assert [recording.head_of(block, 3) for block in range(12)] == expected
    assert {recording.head_of(block, 0) for block in range(12)} == {TWIN}


def test_a_pair_is_on_the_disk_before_the_next_one_starts(tmp_path):
    path = tmp_path / "r.jsonl"
    seen = []

    class Looking(Pairs):
        def __call__(self, *arguments):
            seen.append(len(path.read_text().splitlines()))
            return super().__call__(*arguments)

    record(path, Looking(2 + 1))
    assert seen == [1, 2, 3, 4]  # the first line holds the conditions
    assert json.loads(path.read_text().splitlines()[0]) == CONDITIONS


def test_a_recording_goes_on_within_a_block(tmp_path):
    path = tmp_path / "r.jsonl"
    record(path, Pairs(2 + 1), every=1)
    with path.open("a") as stream:
        stream.write('{"base": "a00", "he')  # the machine went off while this was written
    assert record(path, Pairs(1 + 2), every=0) == [("p05", BASE), (BASE, TWIN), (TWIN, BASE)]
    assert {name: stream["kernel"].shape for name, stream in recording.read(path).streams.items()} == {
        name: (2, 2) for name in ("p03", "p05", TWIN)
    }


@only_linux_pins
def test_the_load_is_pinned_and_ends_with_what_it_is_for():
    core = min(os.sched_getaffinity(0))
    with recording.load_on(core) as load:
        assert os.sched_getaffinity(load) == {core}
        assert goes_on(load, seconds=0.2)
    assert not goes_on(load)


@only_linux_pins
def test_a_load_that_ended_by_itself_is_not_passed_over():
    def end_it():
        with recording.load_on(min(os.sched_getaffinity(0))) as load:
            os.kill(load, signal.SIGKILL)
            assert not goes_on(load)

    with pytest.raises(CannotMeasure, match="ended by itself"):
        end_it()


@only_linux_pins
def test_the_load_ends_with_its_parent():
    killed = (
        "import os\nfrom anisoap_bench.calibration.recording import load_on\n"
        f"with load_on({min(os.sched_getaffinity(0))}) as load:\n"
        "    print(load, flush=True); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", killed], stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert not goes_on(int(done.stdout))


def test_the_time_limit(tmp_path):
    recording.record(tmp_path / "r.jsonl", CONDITIONS, Pairs(0), minutes=0, every=0)
    with pytest.raises(CannotMeasure, match="no whole block"):
        recording.read(tmp_path / "r.jsonl")


def test_base_and_head_are_told_apart(tmp_path):
    path = tmp_path / "r.jsonl"
    record(path, Pairs(2 * 12, spread=0.0))
    streams = recording.read(path).streams
    pairs = {name: stream["kernel"].shape[1] for name, stream in streams.items()}
    assert pairs == {TWIN: 18, "p03": 2, "p05": 2, "p10": 2}
    for name, factor in PLANTED.items():
        for base, head in streams[name].values():
            np.testing.assert_allclose(head / base, factor, rtol=1e-5)
    assert set(streams[TWIN]) == {"kernel", "import", "expansion"}


def test_other_conditions_are_refused(tmp_path):
    path = tmp_path / "r.jsonl"
    record(path, Pairs(2))
    with pytest.raises(CannotMeasure, match=r"other conditions \(load\)"):
        recording.record(path, {**CONDITIONS, "load": "other-core"}, Pairs(2), minutes=1, every=0)


@pytest.mark.parametrize(
    "content",
    [
        *("", "not JSON\n", None),
        '{"history of": "x"}\n{"values": {}}\n{"values": {}}\n',
        '{"load": "none"}\n{"gap": "c"}\n{"gap": "c"}\n',
        '{"load": "none"}\n1\n2\n',
    ],
)
def test_no_recording(tmp_path, content):
    if content is not None:
        (tmp_path / "r.jsonl").write_text(content)
    with pytest.raises(CannotMeasure, match="no recording"):
        recording.read(tmp_path / "r.jsonl")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk():
    with pytest.raises(CannotMeasure, match="cannot write /dev/full: .*No space left"):
        append(FULL, "a line")


class Clock:
    """A clock that advances by one whenever it is read, and while work is done."""

    def __init__(self):
        self.now = 0.0

    def read(self):
        self.now += 1
        return self.now


PACKAGE = """
class EllipsoidalDensityProjection:
    def power_spectrum(self, frames):
        clock.now += 1000 * frames
        return frames

    transform = power_spectrum
"""


def test_a_planted_build_takes_longer_in_proportion(tmp_path, monkeypatch):
    folder = tmp_path / "a00" / "anisoap_opt"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("clock = None\n")
    (folder / "projection.py").write_text(PACKAGE)
    planted = plant(Build("a00", tmp_path / "a00", "c" * 40), "p05", 1.05)
    assert planted.folder == tmp_path / "p05"
    assert (folder / "projection.py").read_text() == PACKAGE
    clock = Clock()
    with monkeypatch.context() as patch:
        patch.setattr(time, "perf_counter", clock.read)
        patch.setattr(time, "process_time", clock.read)
        clock.now = 2000
        _load(planted.folder / "anisoap_opt" / "__init__.py")
        assert clock.now == pytest.approx(2000 * 1.05, abs=4)
        module = _load(planted.folder / "anisoap_opt" / "projection.py")
        module.clock = clock
        for name in ("power_spectrum", "transform"):
            for frames in (1, 7):
                clock.now = 0
                assert getattr(module.EllipsoidalDensityProjection(), name)(frames) == frames
                assert clock.now == pytest.approx(1050 * frames, abs=5)


def _load(path):
    specification = importlib.util.spec_from_file_location("planted", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
