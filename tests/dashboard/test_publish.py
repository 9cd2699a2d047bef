"""Publishing without npm and browser: asv's real pages, empty files in place of the libraries."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import asv
import numpy as np
import pytest

from anisoap_bench import __main__ as command
from anisoap_bench.dashboard import asv_pages, changes, publish, tables, vendor
from anisoap_bench.dashboard.merge import merge
from anisoap_bench.errors import CannotMeasure
from tests.dashboard import synthetic
from tests.dashboard.pages import Addresses, loaded_from_elsewhere, made_up_packages
from tests.suite.asv_tools import git

NAME = "descriptors.Systems.track_seconds_per_frame"
PAIRS = {"history.Pairs.track_relative_time", "history.Pairs.track_seconds"}
OTHERS = ["busy (under load)", "other"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    synthetic.site(folder)
    (folder / "docs" / "_build" / "html").mkdir(parents=True)
    (folder / "docs" / "_build" / "html" / "index.html").write_text("<h1>Documentation</h1>")
    (folder / "results" / "gate").mkdir()
    (folder / "results" / "gate" / "calibration.json").write_text("{}")
    packages = made_up_packages(folder / "packages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor, "install", lambda _: packages)
        assert publish.publish(folder) == folder / ".asv" / "html"
    return folder


@pytest.fixture
def site(root: Path) -> Path:
    return root / ".asv" / "html"


def test_asv_shows_both_sources(site: Path) -> None:
    index = json.loads((site / "asv" / "index.json").read_text())
    assert set(index["benchmarks"]) == {*synthetic.BENCHMARKS, *PAIRS}
    assert index["params"]["machine"] == ["local", *OTHERS]
    assert len(index["revision_to_hash"]) == synthetic.COMMITS


def test_asv_finds_a_graph_for_each_benchmark_on_each_machine(site: Path) -> None:
    counts = {"local": [12] * 5, "other": [2, 2, 2, 2, 1], "busy (under load)": [1] * 5}  # the fifth is empty
    for machine, points in counts.items():
        graphs = [next(site.rglob(f"machine-{machine}/**/{name}.json")) for name in synthetic.BENCHMARKS]
        assert [len(json.loads(graph.read_text())) for graph in graphs] == points


def test_the_planted_slow_commit_is_a_regression(site: Path, root: Path) -> None:
    found = json.loads((site / "asv" / "regressions.json").read_text())["regressions"]
    assert {entry[0].split("(")[0] for entry in found} == {NAME, *PAIRS}
    assert {tuple(jump[:2]) for entry in found for jump in entry[6]} == {(None, synthetic.SLOWED)}


def test_the_grid_joins_no_machines(site: Path, root: Path) -> None:
    """The busy machine is three times slower at the last commit, which asv's own mean would show as a slope."""
    for name in synthetic.BENCHMARKS:
        drawn = json.loads((site / "asv" / "graphs" / "summary" / f"{name}.json").read_text())
        (graph,) = site.rglob(f"machine-local/**/{name}.json")
        values = [np.atleast_1d(value) for _, value in json.loads(graph.read_text())]
        np.testing.assert_allclose([value for _, value in drawn], [np.exp(np.log(value).mean()) for value in values])


def test_a_graph_shows_one_machine_and_fast_backends_first(site: Path) -> None:
    view = json.loads((site / "asv" / "index.json").read_text())["first_view"]
    both = ["'benzenes'", "'ellipsoids'"]
    assert view[NAME] == {"machine": ["local"], "p-system": both, "p-backend": ["'numba'"]}
    assert view["scaling.Bulk.time_power_spectrum"]["p-N"] == [str(24 * k) for k in range(1, 9)]
    assert view["starting.Import.timeraw_import"] == {"machine": ["local"]}


def test_pages_of_another_asv_are_refused(root: Path, tmp_path: Path) -> None:
    merged = merge([root / "results" / "asv"], {git(root, "rev-parse", "HEAD")}, tmp_path / "merged")
    shutil.copytree(Path(asv.__file__).parent / "www", tmp_path / "pages")
    script = tmp_path / "pages" / "graphdisplay.js"
    script.write_text(script.read_text().replace(asv_pages.KEPT, "if (true)"))
    with pytest.raises(CannotMeasure, match=r"graphdisplay\.js is another one"):
        asv_pages.change(tmp_path / "pages", merged)


def test_nothing_is_loaded_from_a_network(site: Path) -> None:
    assert not loaded_from_elsewhere(site)
    www = Path(asv.__file__).parent / "www"
    assert len(loaded_from_elsewhere(www)) == len(vendor.LIBRARIES)  # the check sees what asv's page loads


def test_everything_that_pages_name_is_there(site: Path) -> None:
    for page in site.rglob("*.html"):
        addresses = Addresses(page)
        for address in addresses.loaded + addresses.links:
            path = address.split("#")[0]
            if path and not path.startswith(("https:", "data:")):
                assert (page.parent / path).is_file(), f"{address} in {page.name}"


def test_landing_page(site: Path) -> None:
    text = (site / "index.html").read_text()
    counts = "12 commits (2023-11-14 to 2023-11-25) × 7 benchmarks × 3 machines"
    assert counts in re.sub("</?time>", "", text)
    links = Addresses(site / "index.html").links
    assert {"docs/index.html", "gate-calibration.json", "asv/index.html#/regressions"} <= set(links)
    shown = [unquote(link.split("#")[1]) for link in links if "#" in link]
    both = "p-backend='reference'&p-backend='numba'&y-axis-scale=log"
    of_benzenes = {f"{NAME}?machine=local&p-system='benzenes'&{rest}" for rest in ("p-backend='numba'", both)}
    assert of_benzenes | set(synthetic.BENCHMARKS) < set(shown)
    for machine in ("local", *OTHERS):
        assert f"{NAME}?machine={machine}&p-system='ellipsoids'&p-backend='numba'" in shown
    assert text.count("spread 60 %, a tenth over 60 %") == 1
    assert re.findall(r"Commit <code>.*? on <code>(.*?)</code>", text) == ["local", "other", "busy (under load)"]


def test_changes_are_named_before_the_table(site: Path, root: Path) -> None:
    text = (site / "index.html").read_text()
    section = text[text.index("Which commit changed what") : text.index("The newest commit")]
    hashes = git(root, "rev-list", "--reverse", "HEAD").split()
    found = re.findall(r'<text class="(\w+)"[^>]*>(\w+) × ([\d.]+)</text>', section)
    steps = [("slower", synthetic.SLOWED, 1.3), ("slower", 3, 1.1), ("faster", 5, 1 / 1.1)]
    assert [(kind, name) for kind, name, _ in found] == [(kind, hashes[at][:7]) for kind, at, _ in steps]
    np.testing.assert_allclose([float(ratio) for *_, ratio in found], [ratio for *_, ratio in steps], rtol=0.02)
    assert section.count("<svg") == len(synthetic.CHANGED) + 6
    assert section.count("<circle") == synthetic.COMMITS * section.count("<svg")
    assert section.count(f'href="https://example.org/{hashes[3]}"') == 1
    assert (
        "asv/index.html#history.Pairs.track_relative_time?machine=local&amp;p-benchmark=%27kernel-slower%27" in section
    )
    assert "<td>slower: kernel, +35 % [30, 40]</td>" in section


def test_without_a_recording_and_with_one_that_is_broken(root: Path, tmp_path: Path) -> None:
    merged = merge([root / "results" / "asv"], {git(root, "rev-parse", "HEAD")}, tmp_path / "merged")
    assert "make history" in changes.changes(tmp_path, merged, "")
    (tmp_path / "slow.jsonl").write_text('{"history of": "x"}\n{"values": 3}\n')
    with pytest.raises(CannotMeasure, match=r"slow\.jsonl: .*no line of a history"):
        changes.changes(tmp_path, merged, "")


def test_the_table_holds_the_newest_commit(root: Path, site: Path) -> None:
    (path,) = (root / "results/asv/local").glob(f"{git(root, 'rev-parse', 'HEAD')[:8]}-env.json")
    content = json.loads(path.read_text())
    values = content["results"][NAME][0]
    cells = (site / "index.html").read_text()
    assert f"<td>{1e3 * values[1]:.3g}</td><td>{values[0] / values[1]:.0f}×</td>" in cells
    assert f"<code>{content['commit_hash'][:8]}</code>" in cells


def test_a_backend_without_its_anchor_has_no_ratio(root: Path) -> None:
    commit = git(root, "rev-parse", "HEAD")
    merged = merge([root / "results" / "asv"], {commit}, root / "one")
    (newest,) = merged.measured(NAME)["local"]
    newest.rows[NAME]["result"][0] = float("nan")  # reference was skipped
    assert re.search(r"<td>–</td><td>(29|30)\.", tables.tables(merged))
    del newest.rows[NAME]
    assert "No commit has results" in tables.tables(merged)


def test_the_licences_of_all_libraries_are_there(site: Path) -> None:
    text = (site / "index.html").read_text()
    for package in {file.split("/")[0] for file in vendor.LIBRARIES.values()}:
        assert f">{package}</a>" in text
    assert (site / "asv" / "LICENSE.rst").read_text()
    assert text.count('href="vendor/') == 6


def test_failing_keeps_the_old_pages(root: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (site / "index.html").read_text()
    monkeypatch.setattr(vendor, "install", lambda _: root / "packages")
    monkeypatch.setattr(asv_pages, "CHANGES", {"index.html": {"</head>": "never shown</head>"}})
    (root / "packages" / "jquery" / "LICENSE").rename(root / "terms")
    with pytest.raises(CannotMeasure, match="jquery has no licence file"):
        publish.publish(root)
    (root / "terms").rename(root / "packages" / "jquery" / "LICENSE")
    assert (site / "index.html").read_text() == before
    assert "never shown" not in (site / "asv" / "index.html").read_text()


def test_pages_behind_a_link_and_in_the_way_of_a_file(tmp_path: Path) -> None:
    def fresh() -> Path:
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "index.html").touch()
        return tmp_path / "site"

    link, behind, file = (tmp_path / name for name in ("link", "behind", "file"))
    behind.mkdir()
    (behind / "old").touch()
    link.symlink_to(behind)
    assert publish._put(fresh(), link) == behind.resolve()
    assert link.is_symlink()
    assert [path.name for path in behind.iterdir()] == ["index.html"]
    file.write_text("a file")
    with pytest.raises(CannotMeasure, match="cannot take the place of .*file"):
        publish._put(fresh(), file)
    assert file.read_text() == "a file"


def test_a_page_that_loads_more_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<script src="https://example.org/new.js"></script>')
    with pytest.raises(CannotMeasure, match=r"no local copy of: .*new\.js"):
        vendor.localise(tmp_path, tmp_path / "packages")


def test_errors_end_with_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refusal() -> str:
        assert command.main(["dashboard", "--root", str(tmp_path)]) == 2
        return capsys.readouterr().err

    assert "asv.conf" in refusal()
    synthetic.repository(tmp_path)
    assert "make history" in refusal()
    (tmp_path / "asv.conf.json").write_text("{")
    assert "asv.conf.json" in refusal()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script in place of npm."""
    monkeypatch.setattr(vendor.shutil, "which", lambda _: str(tmp_path / "npm"))
    (tmp_path / "npm").touch(mode=0o755)
    return tmp_path / "npm"


def test_npm_that_is_missing_or_has_no_network(npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm.write_text("#!/bin/sh\necho 'npm error network unreachable' >&2\nexit 1\n")
    with pytest.raises(CannotMeasure, match="(?s)needs a network.*unreachable"):
        vendor.install(tmp_path / "packages")
    assert not (tmp_path / "packages" / "installed.json").exists()
    monkeypatch.setattr(vendor.shutil, "which", lambda _: None)
    with pytest.raises(CannotMeasure, match="npm is missing"):
        vendor.install(tmp_path / "packages")


def test_npm_is_not_run_again(npm: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    npm.write_text(f"#!/bin/sh\necho $1 >> {calls}\nmkdir -p node_modules\n")
    for _ in range(2):
        assert vendor.install(tmp_path / "packages") == tmp_path / "packages" / "node_modules"
    assert calls.read_text() == "ci\n"
    assert (tmp_path / "packages" / ".npmrc").is_file()
    shutil.rmtree(tmp_path / "packages" / "node_modules")
    vendor.install(tmp_path / "packages")
    assert calls.read_text() == "ci\nci\n"


def test_the_lock_file_pins_contents_and_names_no_registry() -> None:
    lock = json.loads((vendor.HERE / "package-lock.json").read_text())
    wanted = json.loads((vendor.HERE / "package.json").read_text())["dependencies"]
    packages = {name.removeprefix("node_modules/"): entry for name, entry in lock["packages"].items() if name}
    assert {name: entry["version"] for name, entry in packages.items()} == wanted
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "resolved" not in json.dumps(lock)
    assert {file.split("/")[0] for file in vendor.LIBRARIES.values()} == set(wanted)
