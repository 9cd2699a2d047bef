"""`anisoap_opt.view`: what chemiscope is given, the page, and what is refused."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anisoap_opt
from tests.folder.inputs import some_frames, write_frames
from tests.frames_for_tests import TRICLINIC, calculator, random_frame

pytest.importorskip("chemiscope")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BATCH = anisoap_opt.ParticleBatch.from_arrays(
    positions=[[0, 0, 0], [3, 0, 0], [0, 1, 2], [1, 1, 1]],
    types=[6, 0, 1, 6],
    quaternions=[[1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0], [3, 1, -1, 2]],  # (w, x, y, z)
    diameters=[[4, 2, 1], [2, 2, 1], [3, 1, 1], [1, 2, 3]],
    counts=[2, 1, 1],
)


def shapes(view: Any) -> Any:
    return view.dataset["shapes"]["ellipsoids"]["parameters"]["atom"]


def values(view: Any, name: str) -> Any:
    return np.array(view.dataset["properties"][name]["values"])


def test_ellipsoids_are_turned_and_sized_as_they_are() -> None:
    found = shapes(anisoap_opt.view(BATCH))
    assert [one["semiaxes"] for one in found] == [[2, 1, 0.5], [1, 1, 0.5], [1.5, 0.5, 0.5], [0.5, 1, 1.5]]
    expected = np.array([[0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 0], [1, -1, 2, 3]], dtype=float)  # (x, y, z, w)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    overlap = np.sum(expected * [one["orientation"] for one in found], axis=1)
    np.testing.assert_allclose(np.abs(overlap), 1, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm([one["orientation"] for one in found], axis=1), 1, atol=1e-12)


def test_frames_cells_and_types() -> None:
    frames = [random_frame(1, 3), random_frame(2, 2, cell=TRICLINIC, pbc=True)]
    structures = anisoap_opt.view(frames).dataset["structures"]
    assert [one["size"] for one in structures] == [3, 2]
    assert [one["names"] for one in structures] == [frame.get_chemical_symbols() for frame in frames]
    np.testing.assert_allclose([structures[1][axis] for axis in "xyz"], frames[1].positions.T, atol=1e-5)
    assert "cell" not in structures[0]
    np.testing.assert_allclose(np.reshape(structures[1]["cell"], (3, 3)), TRICLINIC, atol=1e-5)
    assert ["color" in one for one in shapes(anisoap_opt.view(BATCH))] == [False, True, False, False]


def test_few_features_are_shown_as_they_are() -> None:
    view = anisoap_opt.view(BATCH, [[1.0, 5], [2, 6], [4, 8]], properties={"energy": [3, 2, 1]})
    np.testing.assert_array_equal(values(view, "feature 1"), [5, 6, 8])
    np.testing.assert_array_equal(values(view, "energy"), [3, 2, 1])
    assert {one["target"] for one in view.dataset["properties"].values()} == {"structure"}
    chosen = view.dataset["settings"]["map"]
    assert [chosen[axis]["property"] for axis in ("x", "y", "color")] == ["feature 0", "feature 1", "energy"]


def test_columns_of_features_have_names() -> None:
    view = anisoap_opt.view(BATCH, [[1.0, 5], [2, 6], [4, 8]], feature_names=["component 1", "component 2"])
    np.testing.assert_array_equal(values(view, "component 2"), [5, 6, 8])
    assert view.dataset["settings"]["map"]["x"]["property"] == "component 1"


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_principal_components_of_extreme_features(size: float) -> None:
    features = np.random.default_rng(0).normal(size=(3, 5))
    usual, extreme = (anisoap_opt.view(BATCH, factor * features) for factor in (1.0, size))
    np.testing.assert_allclose(np.abs(values(extreme, "PC 1")) / size, np.abs(values(usual, "PC 1")), rtol=1e-9)
    share = "description"
    assert extreme.dataset["properties"]["PC 1"][share] == usual.dataset["properties"]["PC 1"][share]


def test_frames_without_particles() -> None:
    frames = [random_frame(1, 0), random_frame(2, 0)]
    assert shapes(anisoap_opt.view(frames, [[1.0, 2.0], [3.0, 4.0]])) == []
    with pytest.raises(ValueError, match="'features' has 0 rows, but there are 2 frames of 0 particles"):
        anisoap_opt.view(frames, np.zeros((0, 2)))


def test_a_file_is_read(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "frames.xyz", some_frames(3))
    shown, expected = anisoap_opt.view([path, path]), anisoap_opt.view(path)
    assert shapes(shown) == 2 * shapes(expected)
    assert shapes(expected) == shapes(anisoap_opt.view(anisoap_opt.read(path)))


def test_many_features_become_principal_components() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 2)) * [5, 1]
    features = scores @ np.linalg.qr(rng.normal(size=(6, 2)))[0].T + 7
    view = anisoap_opt.view(BATCH, features)
    found = np.stack([values(view, f"PC {k}") for k in (1, 2, 3)], axis=1)
    distances = np.linalg.norm(features[:, None] - features, axis=2)
    np.testing.assert_allclose(np.linalg.norm(found[:, None] - found, axis=2), distances, atol=1e-12)
    assert np.ptp(found[:, 0]) > np.ptp(found[:, 1])
    assert "% of the variance" in view.dataset["properties"]["PC 1"]["description"]


def test_a_tensormap_has_a_row_for_each_particle() -> None:
    metatensor = pytest.importorskip("metatensor")

    def block(samples: Any, column: Any) -> Any:
        return metatensor.TensorBlock(
            values=np.array(column, dtype=float)[:, None],
            samples=metatensor.Labels(["type", "center"], np.array(samples)),
            components=[],
            properties=metatensor.Labels.range("n", 1),
        )

    keys = metatensor.Labels(["types_center"], np.array([[1], [6]]))
    blocks = [block([[1, 0]], [10]), block([[0, 0], [2, 0]], [20, 30])]
    view = anisoap_opt.view(BATCH, metatensor.TensorMap(keys, blocks), properties={"energy": [1, 2, 3]})
    np.testing.assert_array_equal(values(view, "feature 0"), [0, 0, 10, 0])
    np.testing.assert_array_equal(values(view, "feature 1"), [20, 0, 0, 30])
    np.testing.assert_array_equal(values(view, "energy"), [1, 1, 2, 3])  # of its frame
    assert [(one["structure"], one["center"]) for one in view.dataset["environments"]] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (2, 0),
    ]


def test_a_tensormap_of_frames() -> None:
    pytest.importorskip("metatensor")
    frames = [random_frame(seed, 3) for seed in range(4)]
    made = calculator(backend="numpy_only")
    array = made.power_spectrum(frames)
    as_map = made.power_spectrum(frames, compute_gradients=["strain"])
    first, second = (values(anisoap_opt.view(frames, one), "PC 1") for one in (array, as_map))
    np.testing.assert_allclose(np.abs(first), np.abs(second), atol=1e-10 * np.abs(first).max())


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"features": np.zeros((5, 2))}, ValueError, "'features' has 5 rows, but there are 3 frames of 4 particles"),
        ({"features": np.zeros((3, 2, 2))}, ValueError, r"got shape \(3, 2, 2\)"),
        ({"features": [[1.0], [np.nan], [2.0]]}, ValueError, "'features' must be finite, but row 1 is not"),
        ({"features": [["a"], ["b"], ["c"]]}, TypeError, "'features' must hold real numbers"),
        ({"properties": {"energy": [1, 2]}}, ValueError, "'energy' has 2 rows"),
        ({"properties": {"energy": np.zeros((3, 2))}}, ValueError, "'energy' must have one value"),
        ({"properties": {"": [1, 2, 3]}}, ValueError, "'' cannot be a name here, for it is empty"),
        ({"properties": {"frame": [1, 2, 3]}}, ValueError, "'frame' cannot be a name here, for it is shown"),
        ({"features": np.eye(3, 9), "properties": {"PC 1": [1, 2, 3]}}, ValueError, "'PC 1' cannot be a name"),
        ({"features": np.eye(3, 2), "feature_names": ["a", "a"]}, ValueError, "different names of up to three"),
        ({"features": np.eye(3, 2), "feature_names": ["a"]}, ValueError, "different names of up to three"),
        ({"features": np.eye(3, 2), "feature_names": ["a", "frame"]}, ValueError, "different names of up to three"),
        ({"features": np.eye(3, 5), "feature_names": list("abcde")}, ValueError, "different names of up to three"),
    ],
)
def test_what_cannot_be_shown(arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        anisoap_opt.view(BATCH, **arguments)


def test_without_chemiscope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chemiscope", None)
    with pytest.raises(ModuleNotFoundError, match=r"anisoap_opt\[view\]"):
        anisoap_opt.view(BATCH)


def test_a_page_holds_everything(tmp_path: Path) -> None:
    view = anisoap_opt.view(BATCH, np.arange(6.0).reshape(3, 2), out=tmp_path / "one.html")
    view.save(tmp_path / "two.html")
    page = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert page == (tmp_path / "two.html").read_text(encoding="utf-8")
    packed = dict(re.findall(r'id="(library|dataset)">([^<]*)</script>', page))
    assert json.loads(gzip.decompress(base64.b64decode(packed["dataset"]))) == json.loads(json.dumps(view.dataset))
    assert b"Chemiscope" in gzip.decompress(base64.b64decode(packed["library"]))
    assert "Redistribution and use in source and binary forms" in page
    assert not re.search(r"\b(src|href)\s*=|@import|\{\{", re.sub(r'id="licences">[^<]*<', "", page))
    assert "height: 480px" in view._repr_html_()
    assert "height: 720px" in view._repr_html_()


@pytest.mark.browser
def test_in_a_browser(tmp_path: Path) -> None:
    """Nothing is asked of any other machine, nothing goes wrong, and there are colored pixels where ellipsoids are."""
    sync_api, image = pytest.importorskip("playwright.sync_api"), pytest.importorskip("PIL.Image")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    anisoap_opt.view(BATCH, np.arange(6.0).reshape(3, 2), out=tmp_path / "page.html")
    asked: list[str] = []
    wrong: list[str] = []
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--use-gl=swiftshader", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        page = browser.new_page(viewport={"width": 800, "height": 400})
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        address = (tmp_path / "page.html").as_uri()
        page.goto(address)
        page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
        assert page.locator("#message").text_content() == ""
        canvas = page.locator("#structure canvas").first.screenshot(timeout=60_000)
        browser.close()
    assert not wrong
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [address]
    red, _, blue = np.moveaxis(np.asarray(image.open(io.BytesIO(canvas)).convert("RGB")).astype(int), -1, 0)
    assert np.mean(blue > red + 30) > 0.02  # one of the two particles of the first frame is of no element, hence blue


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 900])
def test_map_and_frame_are_both_seen_in_a_notebook(width: int, tmp_path: Path) -> None:
    """On a narrow screen one below the other, in a frame that is higher."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    shown = anisoap_opt.view(BATCH, np.arange(6.0).reshape(3, 2))._repr_html_()
    (tmp_path / "page.html").write_text(f"<!DOCTYPE html><body>{shown}</body>", encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--use-gl=swiftshader", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto((tmp_path / "page.html").as_uri())
        inside = page.frame_locator("iframe")
        inside.locator("body[data-ready=yes]").wait_for(timeout=60_000)
        outer = page.locator("iframe").bounding_box()
        boxes = [inside.locator(name).bounding_box() for name in ("#map", "#structure canvas >> nth=0")]
        browser.close()
    assert outer["height"] == (480 if width > 663 else 720)
    for box in boxes:
        assert box["height"] > 100
        assert box["y"] + box["height"] <= outer["y"] + outer["height"]
