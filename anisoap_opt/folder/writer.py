"""`FolderWriter`: a folder that is being filled, by one process or by many, once or again and again."""

from __future__ import annotations

from pathlib import Path

from anisoap_opt.folder import atomic, manifest, records, storage
from anisoap_opt.folder.manifest import Manifest
from anisoap_opt.folder.tasks import Block


class FolderWriter:
    """Writes blocks into a folder. There are no locks: who writes a block again writes the same bytes.

    Parameters
    ----------
    folder : path
        Made if it is not there; its parent has to be.
    manifest : dict
        See `anisoap_opt.folder.manifest.make_manifest`.

    Raises
    ------
    ValueError
        If the folder is that of another manifest, or holds other files; the message says what differs.
    OSError
        If it cannot be written.
    ModuleNotFoundError
        If Zarr is wanted and not installed.
    """

    def __init__(self, folder: Path, manifest_: Manifest) -> None:
        self.folder, self.manifest = folder, manifest_
        if not (folder / manifest.NAME).exists():
            _make(folder)
            text = manifest.to_bytes(manifest_)
            atomic.write(folder / manifest.NAME, lambda file: file.write(text), replace=False)
        there = manifest.read_manifest(folder)
        if differing := manifest.differences(there, manifest_, "there", "here"):
            raise ValueError(f"{folder} is that of another run: {differing}")
        atomic.remove_leftovers(folder)
        if manifest_["storage"] == "zarr":
            storage.create_zarr(folder, manifest_)
        self.finished = records.read_records(folder, manifest_["num_blocks"])
        """Records of the finished blocks, by number."""

    def write(self, block: Block) -> None:
        """Write a block, and then that it is finished.

        Raises
        ------
        OSError
            If the disk is full, say; all that was finished before stays.
        """
        record = storage.WRITERS[self.manifest["storage"]](self.folder, self.manifest, block)
        records.write_record(self.folder, block.number, record)
        self.finished[block.number] = record


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file")
    if folder.is_symlink() and not folder.exists():
        raise ValueError(f"{folder} is a link, and what it points to is not there")
    if not folder.absolute().parent.is_dir():
        raise ValueError(f"no such folder: {folder.parent}")
    folder.mkdir(exist_ok=True)
    if others := sorted(path.name for path in folder.iterdir() if not path.name.endswith(".part")):
        if (folder / manifest.NAME).exists():  # another process was quicker
            return
        raise ValueError(f"{folder} holds other files, {others[0]} for one, and no {manifest.NAME}")
