"""The dashboard in a real browser, headless: `make test-dashboard`. Screenshots are left in ``.asv/screenshots``."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import asv
import pytest

from anisoap_bench.dashboard import publish, vendor
from tests.dashboard import synthetic
from tests.dashboard.pages import Addresses, loaded_from_elsewhere

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / ".asv" / "screenshots"
SITES = ["made-up", *(["history"] if (ROOT / publish.HISTORY).is_dir() else [])]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
POINTS = """() => $('#main-graph').data('plot').getData().map(
    series => series.data.filter(point => point[1] !== null).length)"""
DRAWN_PIXELS = """() => {
    const canvas = document.querySelector('#main-graph canvas.flot-base');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const colours = new Set($('#main-graph').data('plot').getData().map(series => {
        const parts = /^#(..)(..)(..)$/.exec(series.color);
        return parts ? parts.slice(1).map(part => parseInt(part, 16)).join() : series.color.replace(/[^0-9,]/g, '');
    }));
    let count = 0;
    for (let k = 0; k < data.length; k += 4) count += colours.has([data[k], data[k + 1], data[k + 2]].join());
    return count;
}"""


@dataclass
class Site:
    """Published pages, and the address they are served at."""

    name: str
    folder: Path
    address: str


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = ROOT
    if request.param == "made-up":
        root = tmp_path_factory.mktemp("made-up")
        synthetic.site(root)
        (ROOT / ".asv" / "npm").mkdir(parents=True, exist_ok=True)
        (root / ".asv" / "npm").symlink_to(ROOT / ".asv" / "npm")  # fetched once
    folder = publish.publish(root)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(request.param, folder, f"http://127.0.0.1:{server.server_port}/")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = [path for name in BROWSERS if (path := shutil.which(name))]
    assert found, f"no browser: none of {', '.join(BROWSERS)} is installed"
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=found[0], args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page; when its test is over, nothing may have failed and nothing may have left this machine."""
    shown = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles: list[str] = []
    requests: list[str] = []
    shown.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    shown.on("response", lambda response: troubles.append(response.url) if response.status >= 400 else None)
    shown.on("requestfailed", lambda request: troubles.append(_trouble(request)) if _trouble(request) else None)
    shown.on("request", lambda request: requests.append(request.url))
    yield shown
    shown.screenshot(path=SCREENSHOTS / f"{request.node.name}.png")
    shown.close()
    assert not troubles
    assert requests
    assert {urlsplit(url).hostname for url in requests if not url.startswith("data:")} == {"127.0.0.1"}


def _trouble(request: Any) -> str:
    """What failed; no picture of a tab, which a browser gives up when the page is left."""
    left = request.url.endswith("/icon.svg") and request.failure == "net::ERR_ABORTED"
    return "" if left else f"{request.url}: {request.failure}"


def with_values(site: Site) -> list[str]:
    """Benchmarks that have a graph."""
    return sorted(path.stem for path in (site.folder / "asv" / "graphs" / "summary").glob("*.json"))


def test_landing_page(page: Any, site: Site) -> None:
    page.goto(site.address)
    assert re.search(r"\d+ commits? .* × \d+ benchmarks? × \d+ machine", page.locator("body").inner_text())
    assert page.locator("table").count() >= 1
    if site.name == "made-up":
        assert page.locator("figure svg:visible").count() == 6
        assert "number 7: × 1.3" in page.locator("circle.slower title").first.text_content()
    for link in {urlsplit(link).path for link in Addresses(site.folder / "index.html").links if "://" not in link}:
        assert urlopen(site.address + link).status == 200
    page.locator("table.numbers a").nth(1).click()
    page.wait_for_selector("#main-graph canvas.flot-base")
    page.get_by_text("Overview").click()
    page.wait_for_selector("h1")
    assert page.url == f"{site.address}index.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_landing_page_on_a_phone(page: Any, site: Site, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390  # only the table scrolls sideways
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", background)[:3]) / 3
    assert (brightness < 60) == (scheme == "dark")


def test_licences(page: Any, site: Site) -> None:
    page.goto(site.address)
    links = page.locator('a[href^="vendor/"]').all()
    assert links
    for link in links:
        assert len(urlopen(site.address + link.get_attribute("href")).read()) > 500


def test_the_grid_lists_the_benchmarks(page: Any, site: Site) -> None:
    page.goto(f"{site.address}asv/index.html")
    page.wait_for_selector("a.benchmark-container canvas")
    shown = [link.get_attribute("href").removeprefix("#") for link in page.locator("a.benchmark-container").all()]
    assert sorted(shown) == sorted(json.loads((site.folder / "asv" / "index.json").read_text())["benchmarks"])
    assert with_values(site)


def test_the_list_can_be_sorted(page: Any, site: Site) -> None:
    page.goto(f"{site.address}asv/index.html#/summarylist")
    page.wait_for_selector("#summarylist-body tbody tr")
    page.locator("#summarylist-body th", has_text="Benchmark").first.click()
    page.wait_for_timeout(300)
    first = page.locator("#summarylist-body tbody td").first.inner_text()
    page.locator("#summarylist-body th", has_text="Benchmark").first.click()
    page.wait_for_timeout(300)
    assert page.locator("#summarylist-body tbody td").first.inner_text() != first


def test_graphs_draw_their_points(page: Any, site: Site) -> None:
    for name in with_values(site):
        page.goto(f"{site.address}asv/index.html#{name}")
        page.wait_for_selector("#main-graph canvas.flot-base")
        page.wait_for_function("() => $('#main-graph').data('plot') && $('#title').text() !== 'benchmark'")
        assert page.locator("#title").inner_text() == name
        assert sum(page.evaluate(POINTS)) >= 1, name
        assert page.evaluate(DRAWN_PIXELS) > 20, name


def test_other_machines_and_backends_are_shown_when_asked_for(page: Any, site: Site) -> None:
    page.goto(f"{site.address}asv/index.html#descriptors.Systems.track_seconds_per_frame")
    page.wait_for_function(f"() => $('#main-graph').data('plot') && ({POINTS})().some(count => count > 0)")
    labels = "() => $('#main-graph').data('plot').getData().map(series => series.label)"
    assert not [label for label in page.evaluate(labels) if "reference" in label or "machine" in label]
    page.locator("a.btn, button", has_text=re.compile("^reference$")).last.click()
    page.wait_for_function(f"() => ({labels})().some(label => label.includes('reference'))")
    if site.name == "made-up":
        for machine in ("busy (under load)", "other"):
            page.get_by_text(machine, exact=True).click()
            page.wait_for_function(f"() => ({labels})().some(label => label.includes('machine-{machine}'))")
        points = page.evaluate(POINTS)
        assert sorted(points) == [1] * 4 + [2] * 4 + [synthetic.COMMITS] * 4


def test_a_link_of_the_table_draws_what_it_says(page: Any, site: Site) -> None:
    page.goto(site.address)
    link = page.locator("table.numbers a", has_text="numba").first
    value = link.locator("xpath=ancestor::tr/td[3]").inner_text()
    link.click()
    page.wait_for_selector("#main-graph canvas.flot-base")
    page.wait_for_function(f"() => ({POINTS})().some(count => count > 0)")
    last = page.evaluate("$('#main-graph').data('plot').getData().map(s => s.data.slice(-1)[0][1])")
    assert value in {f"{1e3 * seconds:.3g}" for seconds in last if seconds is not None}
    if site.name == "made-up":
        assert page.evaluate(POINTS) == [synthetic.COMMITS]  # of this machine only


def test_the_regressions_page_opens(page: Any, site: Site) -> None:
    found = json.loads((site.folder / "asv" / "regressions.json").read_text())["regressions"]
    page.goto(f"{site.address}asv/index.html#/regressions")
    page.wait_for_selector("#regressions-body table")
    assert page.locator("#regressions-body tbody tr").count() == sum(len(entry[6]) for entry in found)
    if site.name == "made-up":
        assert "track_seconds_per_frame" in page.locator("#regressions-body").inner_text()
        page.locator("#regressions-body tbody td a", has_text="track_seconds_per_frame").first.click()
        page.wait_for_selector("#main-graph canvas.flot-base")
        page.go_back()
        page.wait_for_selector("#regressions-body table")


def test_the_documentation(page: Any, site: Site) -> None:
    page.goto(site.address)
    if not (site.folder / "docs").is_dir():
        pytest.skip("it is not built")
    page.locator("nav a", has_text="Documentation").click()
    page.wait_for_selector("h1")
    page.goto(f"{site.address}docs/theory.html")
    page.wait_for_selector("mjx-container mjx-math")


def test_nothing_is_loaded_from_a_network(site: Site) -> None:
    assert not loaded_from_elsewhere(site.folder)


def test_the_libraries_are_those_that_asv_asks_for(site: Site) -> None:
    """By asv's own checksums, but for those that npm has in other files: flot not minified, and a later stupidtable."""
    source = (Path(asv.__file__).parent / "www" / "index.html").read_text()
    same, asked = set(), set()
    for tag in (match.group(0) for match in vendor.LOADED.finditer(source)):
        algorithm, stated = re.search(r'integrity="(sha\d+)-([^"]+)"', tag).groups()
        (local,) = (file for address, file in vendor.LIBRARIES.items() if f'{address}"' in tag)
        asked.add(local)
        content = (site.folder / "vendor" / local).read_bytes()
        if base64.b64encode(hashlib.new(algorithm, content).digest()).decode() == stated:
            same.add(local)
    assert {file.split("/")[0] for file in asked - same} == {"flot", "stupid-table-plugin"}
