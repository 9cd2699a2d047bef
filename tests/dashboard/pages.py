"""Helpers of the tests that look into published pages."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

from anisoap_bench.dashboard import vendor


class Addresses(HTMLParser):
    """Addresses in a page: what is loaded with it, and what it links to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.links.append(values.get("href") or "")
        elif "http-equiv" not in values:
            self.loaded += [value for key in ("src", "href", "data", "poster", "action") if (value := values.get(key))]


def loaded_from_elsewhere(folder: Path) -> list[str]:
    """What pages, style sheets and scripts of a folder would fetch from a network."""
    found = []
    for page in folder.rglob("*.html"):
        found += [address for address in Addresses(page).loaded if re.match(r"(https?:)?//", address)]
    for sheet in [*folder.rglob("*.css"), *folder.rglob("*.html")]:
        found += re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*\)|@import[^;]*//[^;]*", sheet.read_text("utf-8"))
    return found


def made_up_packages(folder: Path) -> Path:
    """A ``node_modules`` with an empty file for each one that is needed."""
    lock = json.loads((vendor.HERE / "package-lock.json").read_text())
    loaded = [f"{package}/{inside}/file" for package, folders in vendor.FOLDERS.items() for inside in folders]
    for file in [*vendor.LIBRARIES.values(), *loaded]:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("")
    for package in {file.split("/")[0] for file in vendor.LIBRARIES.values()}:
        version = lock["packages"][f"node_modules/{package}"]["version"]
        (folder / package / "package.json").write_text(json.dumps({"version": version, "license": {"type": "MIT"}}))
        if package not in vendor.NO_LICENSE_FILE:
            (folder / package / "LICENSE").write_text("terms")
    return folder
