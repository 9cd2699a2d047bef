"""Replayed recordings, the rates that come of them, and the table; what the command refuses."""

import dataclasses
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from anisoap_bench.__main__ import main
from anisoap_bench.calibration import cli, recording, replay, table
from anisoap_bench.calibration.recording import TWIN
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.result import Decision
from tests.calibration.recordings import CONDITIONS, NAMES, Pairs, record

LIMIT = replay.Limit(1000, len(NAMES))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "quiet.jsonl"
    record(path, Pairs(2 * 320), every=2)
    return path


@pytest.fixture(scope="module")
def streams(recorded):
    return recording.read(recorded).streams


def draw(stream, start, pairs, **more):
    """Pairs of a source from a place on: so many for each of several calls, the last one's by benchmark."""
    source, names = replay.source_at(stream, start, **more)
    return [source(number, frozenset(names)) for number in pairs][-1]


def test_a_source_gives_the_recorded_pairs_once(streams):
    found = draw(streams[TWIN], 6, [8, 4])
    for name, (base, head) in streams[TWIN].items():
        np.testing.assert_array_equal(found[name], [base[14:18], head[14:18]])


def test_roles_are_exchanged_by_block(streams):
    base, head = streams[TWIN]["kernel"]
    found = draw(streams[TWIN], 2, [4, 4], roles=1)["kernel"]  # every other block
    np.testing.assert_array_equal(found[0], [base[6], base[7], head[8], head[9]])
    np.testing.assert_array_equal(found[1], [head[6], head[7], base[8], base[9]])
    signs = 1 - 2 * replay.ROLES[:4].astype(int)
    np.testing.assert_array_equal(signs @ signs.T, 4 * np.eye(4))
    np.testing.assert_array_equal(replay.ROLES[4:], ~replay.ROLES[:4])


@pytest.mark.parametrize(("pairs", "begin"), [(55, []), (56, [0]), (63, [0]), (64, [0, 8]), (84 + 56, [0, 8, 28, 84])])
def test_trials_of_a_chain_share_no_pair(monkeypatch, pairs, begin):
    """None begins where a long one would not fit: else only those decided early would count at the end."""
    starts = []
    lengths = iter([(8, 0), (12, 8), (30, 26), (8, 0)])

    def decide(start, names, fits):
        starts.append(start)
        return Decision((), *next(lengths))

    monkeypatch.setattr(replay, "decide", decide)
    assert len(replay.chain(lambda start: (start, []), pairs, LIMIT)) == len(begin)
    assert starts == begin


@pytest.mark.parametrize(("limit", "pairs"), [(1000, 30), (30, 30), (29, 20), (12, 12), (11, 8), (0, 8)])
def test_a_trial_has_no_more_time_than_a_run(tmp_path, limit, pairs):
    """With much noise, it is open for as long as there is time."""
    path = tmp_path / "r.jsonl"
    record(path, Pairs(2 * 60, spread=0.3), every=0)
    source = partial(replay.source_at, recording.read(path).streams[TWIN])
    decisions = replay.chain(source, 120, replay.Limit(limit, len(NAMES)))
    assert {(one.first_pairs, one.confirming_pairs, one.exit_code) for one in decisions} == {(pairs, 0, 2)}
    assert {one.ran_out for one in decisions} == {limit < 30}
    assert len(decisions) == (120 - 56) // pairs + 1


def test_to_confirm_one_of_many_takes_less_time():
    fits = replay.Limit(11, benchmarks=13).after_first_look()
    assert not fits(4, 13)
    assert fits(8, 1)  # as long as two of them
    assert not fits(8, 1)
    assert fits(4, 1)
    assert not fits(1, 1)


def test_the_time_of_a_run_in_pairs(recorded):
    """What it does beside its pairs counts."""
    slow = dataclasses.replace(recording.read(recorded), seconds_per_pair=10.0)
    assert replay.Limit.of(slow) == replay.Limit(60 - replay.PREPARATION, 3)
    assert replay.Limit.of(recording.read(recorded)).pairs > 1000  # of processes that took no time


def rates(**more):
    of = {"events": 0, "trials": 100, "rate": 0.0, "interval": (0.0, 0.0362), "interval_cautious": (0, 1)}
    all_of = {**of, "events": 100, "rate": 1.0, "interval": (0.9638, 1.0)}
    return {"false_alarms": of, "undecided": of, "multiplied": {"1.05": all_of, "1.10": all_of}, **more}


def test_targets_that_a_recording_misses():
    """Chance alone is no miss."""
    assert table.missed(rates()) == []
    some = {**rates()["undecided"], "events": 20, "rate": 0.2, "interval": (0.127, 0.292)}
    (line,) = table.missed(rates(undecided=some))
    assert line == "undecided: 20 of 100: 20.0 % [12.7, 29.2]; cautious [0.0, 100.0]; at most 5 % is meant"
    (line,) = table.missed(rates(false_alarms=some))
    assert line.startswith("false alarms: 20 of 100")
    assert table.missed(rates(undecided={**some, "interval": (0.049, 0.4)})) == []
    few = {**some, "interval": (0.7, 0.949)}
    assert len(table.missed(rates(multiplied={"1.05": few, "1.10": few}))) == 2


@pytest.mark.parametrize("worse", [[], ["undecided: all"]])
def test_a_miss_is_an_exit_code(recorded, tmp_path, monkeypatch, capsys, worse):
    monkeypatch.setattr(cli, "RECORDINGS", recorded.parent)
    monkeypatch.setattr(cli, "missed", lambda rates: worse)
    assert main(["calibrate", "--replay-only", "--out", str(tmp_path)]) == len(worse)
    assert ("target missed: undecided: all" in capsys.readouterr().err) == bool(worse)
    assert (tmp_path / "calibration.md").exists()


def test_a_lasting_difference_of_the_builds_is_not_averaged_away(tmp_path):
    """Six of the eight patterns of roles make noise of it; with one base throughout, the slower head is an alarm."""
    path = tmp_path / "r.jsonl"
    record(path, Pairs(2 * 60, twin=1.1), every=0)
    rates = replay.replay(recording.read(path))
    fixed = rates["false_alarms_fixed"]
    assert 0 < fixed["events"] < fixed["trials"]  # wherever the slower one is the head
    assert fixed["rate"] > 2 * rates["false_alarms"]["rate"]


@pytest.mark.parametrize(
    ("chains", "rate", "interval", "cautious"),
    [
        ([(0, 40)] * 8, 0, (0, 0.01146), (0, 0.0881)),
        ([(1, 4), (0, 4), (2, 5), (0, 4)], 3 / 17, (0.0380, 0.4343), (0, 0.8059)),  # of 0 of 4 and of 1 of 4
        ([(4, 4)] * 3, 1, (0.7354, 1), (0.3976, 1)),
        ([(0, 0)], None, (0, 1), (0, 1)),
    ],
)
def test_binomial_intervals(chains, rate, interval, cautious):
    found = replay.rate(chains)
    assert found["rate"] == rate
    assert found["interval"] == pytest.approx(interval, abs=1e-4)
    assert found["interval_cautious"] == pytest.approx(cautious, abs=1e-4)


def test_replay_of_equal_builds(recorded):
    rates = replay.replay(recording.read(recorded))
    assert rates["false_alarms"]["events"] == 0
    assert rates["undecided"]["events"] == 0
    assert 30 <= rates["false_alarms"]["trials_per_chain"] <= (320 - 56) // 8 + 1  # most are decided at the first look
    assert 240 <= rates["false_alarms"]["trials"] <= 8 * 34
    assert rates["multiplied"]["1.10"]["rate"] == 1
    assert rates["multiplied"]["1.03"]["rate"] < rates["multiplied"]["1.05"]["rate"]
    assert rates["planted"]["1.10"]["rate"] == 1
    assert rates["planted"]["1.10"]["trials"] > 0
    assert rates["planted"]["1.05"]["measured_ratio"] == pytest.approx(1.05, abs=0.01)
    assert rates["spread"]["kernel"] == pytest.approx(0.01, abs=0.002)


def test_publish_keeps_the_other_recordings(recorded, tmp_path):
    other = tmp_path / "loaded.jsonl"
    record(other, Pairs(2 * 40), {**CONDITIONS, "load": "other-work"})
    cli.publish(recorded, tmp_path)
    text, _ = cli.publish(other, tmp_path)
    assert text == (tmp_path / "calibration.md").read_text()
    assert recording.read(tmp_path / "quiet.jsonl.gz").conditions == CONDITIONS
    assert cli.publish(tmp_path / "loaded.jsonl.gz", tmp_path)[0] == text
    entries = json.loads((tmp_path / "calibration.json").read_text())
    assert set(entries) == {"quiet", "loaded"}
    false = entries["quiet"]["false_alarms"]
    for words in (
        *("quiet", "loaded", "other core idle", "other work on", "a machine", f"0 of {false['trials']}: 0.0 %"),
        *("false alarms", "undecided", "times multiplied by 1.05", "build slowed by 1.10", "kernel"),
    ):
        assert words in text
    assert len({line.count("|") for line in text.splitlines() if line}) == 1


def test_a_recording_too_short_for_a_trial_publishes_nothing(tmp_path):
    record(tmp_path / "short.jsonl", Pairs(2 * 2))
    with pytest.raises(CannotMeasure, match="4 pairs of equal builds are too few"):
        cli.publish(tmp_path / "short.jsonl", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_rates_that_are_no_json(recorded, tmp_path):
    (tmp_path / "calibration.json").write_text("{")
    with pytest.raises(CannotMeasure, match="not JSON"):
        cli.publish(recorded, tmp_path)


def test_what_nobody_foresaw_is_no_miss(recorded, tmp_path, monkeypatch, capsys):
    """Python ends with 1 after an exception."""
    (tmp_path / "calibration.json").write_text('{"old": {}}')
    monkeypatch.setattr(cli, "RECORDINGS", recorded.parent)
    assert main(["calibrate", "--replay-only", "--out", str(tmp_path)]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--planted-every", "1"], "has to be 0, or 2 and more"),
        (["--planted-every", "-2"], "has to be 0, or 2 and more"),
        ([], "changes that are not committed (README.md, "),
        (["--replay-only", "--name", "nothing"], "no recording"),
    ],
    ids=["no equal builds", "below 0", "changed", "not recorded"],
)
def test_what_is_refused(tmp_path, monkeypatch, capsys, options, words):
    (tmp_path / "quiet.jsonl").touch()
    monkeypatch.setattr(cli, "RECORDINGS", tmp_path)
    monkeypatch.setattr(cli, "changed_files", lambda root: ["README.md", "anisoap_bench/gate/worker.py"])
    assert main(["calibrate", *options]) == 2
    assert words in capsys.readouterr().err


def test_the_page_shows_the_published_table():
    root = Path(__file__).resolve().parents[2]
    assert (root / "results" / "gate" / "calibration.md").read_text() in (root / "docs" / "gate.md").read_text()
