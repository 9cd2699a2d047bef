"""Local copies of the libraries that asv's pages load from content delivery networks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from anisoap_bench.errors import CannotMeasure

HERE = Path(__file__).resolve().parent
LIBRARIES = {
    "jquery-3.3.1.min.js": "jquery/dist/jquery.min.js",
    "flot/0.8.3/jquery.flot.min.js": "flot/jquery.flot.js",
    "flot/0.8.3/jquery.flot.time.min.js": "flot/jquery.flot.time.js",
    "flot/0.8.3/jquery.flot.selection.min.js": "flot/jquery.flot.selection.js",
    "flot/0.8.3/jquery.flot.categories.min.js": "flot/jquery.flot.categories.js",
    "flot-orderbars@1.0.0/js/jquery.flot.orderBars.js": "flot-orderbars/js/jquery.flot.orderBars.js",
    "stupidtable/1.0.1/stupidtable.min.js": "stupid-table-plugin/stupidtable.min.js",
    "blueimp-md5/2.19.0/js/md5.min.js": "blueimp-md5/js/md5.min.js",
    "bootstrap@3.1.1/dist/js/bootstrap.min.js": "bootstrap/dist/js/bootstrap.min.js",
    "bootstrap@3.1.1/dist/css/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
}
"""How the addresses in the pages end, and the file of an npm package that takes the place of each."""
FOLDERS = {"bootstrap": ["dist/fonts"]}
"""What the libraries themselves load, relative to where they are."""
NO_LICENSE_FILE = {"flot-orderbars": "js/jquery.flot.orderBars.js"}  # the terms stand at the head of that file
LOADED = re.compile(r'<(?:script|link)\b[^>]*?(?:src|href)="(https?:)?//[^>]*>', re.DOTALL)


def install(folder: Path) -> Path:
    """Folder ``node_modules`` with the packages of ``package-lock.json``; nothing is fetched if they are there.

    CannotMeasure if npm is missing, or fails, as it does the first time without a network.
    """
    lock = (HERE / "package-lock.json").read_bytes()
    installed, stamp = folder / "node_modules", folder / "installed.json"
    if installed.is_dir() and stamp.is_file() and stamp.read_bytes() == lock:
        return installed
    if not (npm := shutil.which("npm")):
        raise CannotMeasure("npm is missing: it fetches the libraries of the pages (it comes with Node.js)")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        said = "\n".join(line for line in done.stderr.splitlines() if "npm error" in line.lower())
        raise CannotMeasure(f"npm cannot fetch the libraries of the pages; the first time it needs a network:\n{said}")
    stamp.write_bytes(lock)
    return installed


def localise(site: Path, packages: Path) -> list[str]:
    """Put the libraries into the folder ``vendor`` of a site and let all its pages load them from there.

    Returns the names of the packages used. CannotMeasure if a page loads something that LIBRARIES does not have: a new
    asv or Sphinx.
    """
    used = set()
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        for tag in {match.group(0) for match in LOADED.finditer(text)}:
            local = _local_file(tag)
            _copy(packages, local, site / "vendor")
            used.add(local.split("/")[0])
            text = text.replace(tag, _local_tag(tag, os.path.relpath(site / "vendor" / local, page.parent)))
        page.write_text(text, encoding="utf-8")
    for package in used:
        _copy(packages, _license_of(packages, package), site / "vendor")
        for folder in FOLDERS.get(package, []):
            shutil.copytree(packages / package / folder, site / "vendor" / package / folder)
    return sorted(used)


def licenses(packages: Path, used: list[str]) -> str:
    """HTML of links to the licences of packages."""
    return ", ".join(f'<a href="vendor/{_license_of(packages, name)}">{name}</a>' for name in used)


def _local_file(tag: str) -> str:
    for address, local in LIBRARIES.items():
        if f'{address}"' in tag:
            return local
    raise CannotMeasure(f"a page loads something that there is no local copy of: {tag}")


def _local_tag(tag: str, path: str) -> str:
    tag = re.sub(r'(src|href)="[^"]*"', rf'\1="{path}"', tag, count=1)
    return re.sub(r'\s+(integrity|crossorigin|referrerpolicy)="[^"]*"', "", tag)


def _license_of(packages: Path, package: str) -> str:
    found = sorted(path.name for path in (packages / package).glob("LICENSE*"))
    if not found and package not in NO_LICENSE_FILE:
        raise CannotMeasure(f"npm's package {package} has no licence file")
    return f"{package}/{found[0] if found else NO_LICENSE_FILE[package]}"


def _copy(packages: Path, file: str, folder: Path) -> None:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(packages / file, folder / file)
