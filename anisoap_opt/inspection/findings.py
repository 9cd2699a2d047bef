"""What a calculation would take, and what is hardly meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from anisoap_opt.inspection.distances import Distances
from anisoap_opt.inspection.records import Finding, in_words
from anisoap_opt.inspection.walk import ON_TOP, Walk

NORM_TOLERANCE = 0.01
"""Rounding to two decimals leaves norms within this."""


def find(found: Walk, distances: Distances, signs: Mapping[str, Sequence[str]], cutoff: float) -> Iterator[Finding]:
    """All warnings about frames.

    Parameters
    ----------
    found : Walk
    distances : Distances
    signs : dict of str → sequence of str
        For each order in which quaternions are read, what speaks for the other one; see
        `anisoap_opt.inspection.orientations`.
    cutoff : float
        Å.
    """
    for read, several in signs.items():
        if several:
            other = "wxyz" if read == "xyzw" else "xyzw"
            some, those = ("some ", ", for those alone") if found.order == "mixed" else ("", "")
            yield Finding(
                "order of quaternions",
                f"{some}quaternions are read as {in_words(read)}, and look like {in_words(other)}: "
                f"{'; '.join(several)}. If so, say quaternion_order={other}{those}",
            )
    low, high = found.norms
    if found.order and (low < 1 - NORM_TOLERANCE or high > 1 + NORM_TOLERANCE):
        yield Finding(
            "norms of quaternions",
            f"norms of quaternions are from {low:.4g} to {high:.4g}, and scaled to 1. Are these columns quaternions?",
        )
    if distances.isolated:
        shortest = f"; the shortest distance is {distances.shortest:.4g} Å" if distances.shortest else ""
        yield Finding(
            "no neighbours",
            f"{distances.isolated} of {distances.centers} centres have no neighbour within {cutoff:g} Å{shortest}",
        )
    if found.on_top:
        pairs, first = (
            ("pair of particles is", "in") if found.on_top == 1 else ("pairs of particles are", "the first in")
        )
        yield Finding(
            "on top of each other",
            f"{found.on_top} {pairs} closer than {ON_TOP * cutoff:.2g} Å, {first} {found.first_on_top}",
        )
    if distances.at_cutoff >= 3 and distances.at_cutoff > 10 * distances.expected_at_cutoff:
        yield Finding(
            "at the cutoff",
            f"{distances.at_cutoff} pairs are just at the cutoff. Rounding decides whether they count: move the cutoff "
            "a little",
        )
    widest = max((float(one.largest.max()) for one in found.sizes.values()), default=0.0)
    if widest > cutoff:
        yield Finding(
            "wider than the cutoff",
            f"the longest diameter, {widest:.4g} Å, is longer than the cutoff of {cutoff:g} Å: neighbours outside the "
            "cutoff would reach the centre too. Are these full diameters in Å?",
        )
