"""Parts of a data set, made by shards in folders of their own, → one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anisoap_opt.folder import atomic, records
from anisoap_opt.folder.manifest import differences, read_manifest
from anisoap_opt.folder.records import Record
from anisoap_opt.folder.source import sha256_of
from anisoap_opt.folder.view import FeatureFolder, open_folder
from anisoap_opt.folder.writer import FolderWriter


def merge(parts: Sequence[Path], out: Path) -> FeatureFolder:
    """Make one folder of several, which stay as they are; blocks are linked, or copied where there are no links.

    Parameters
    ----------
    parts : sequence of Path
        Folders of the same run. `out` may be one of them; if it is the only one, it is only checked.
    out : Path

    Returns
    -------
    FeatureFolder
        Of `out`, its checksums compared.

    Raises
    ------
    FileNotFoundError, OSError
        If a part is no such folder, or `out` cannot be written.
    ValueError
        If the parts do not belong together, blocks are missing or have changed; the message says which.
    """
    manifest = read_manifest(parts[0])
    for part in parts[1:]:
        if differing := differences(manifest, read_manifest(part), f"in {parts[0]}", f"in {part}"):
            raise ValueError(f"these are parts of different runs: {differing}")
    found: dict[int, tuple[Path, Record]] = {}
    for part in parts:
        for block, record in records.read_records(part, manifest["num_blocks"]).items():
            other, known = found.setdefault(block, (part, record))
            if known.sha256 != record.sha256:
                raise ValueError(f"block {block} of {part} differs from that of {other}")
    if missing := [block for block in range(manifest["num_blocks"]) if block not in found]:
        count = f"{len(missing)} of {manifest['num_blocks']} blocks"
        raise ValueError(f"{count} are in no part: {records.in_words(missing)}")
    if any(part.resolve() != out.resolve() for part in parts):
        writer = FolderWriter(out, manifest)
        for block, (part, record) in found.items():
            there = writer.finished.get(block)
            if there is None:
                _take(part, out, block, record)
            elif there.sha256 != record.sha256:
                raise ValueError(f"block {block} of {part} differs from that of {out}")
    merged = open_folder(out)
    merged.check()
    return merged


def _take(part: Path, out: Path, block: int, record: Record) -> None:
    source = part / record.file
    if sha256_of(source) != record.sha256:
        delete = part / f"{records.name_of(block)}.json"
        raise ValueError(
            f"{source} has changed since it was written; delete {delete} and run the command that made it again"
        )
    (out / record.file).parent.mkdir(parents=True, exist_ok=True)
    atomic.link_or_copy(source, out / record.file)
    records.write_record(out, block, record)
