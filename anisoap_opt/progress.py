"""The bar that shows how far a calculation is."""

from __future__ import annotations

from typing import Any


def progress_bar(num_centers: int) -> Any:
    """A bar that counts centres; a context manager with a method `update`."""
    from tqdm.auto import tqdm  # imported here: few ask for it

    return tqdm(total=num_centers, desc="AniSOAP", unit="centre")
