"""The Clebsch–Gordan product of two TensorMaps: the long way to a power spectrum, and the way beyond it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.utils.cg_gradients import Gradients, add_joined, couple, product_gradients
from anisoap_opt.utils.clebsch_gordan import ClebschGordanReal

if TYPE_CHECKING:
    from metatensor import Labels, LabelsEntry, TensorBlock, TensorMap

Part = tuple["Labels", npt.NDArray[Any], npt.NDArray[Any], Gradients]
"""What one pair of blocks gives: samples, values [samples, 2L+1, properties], properties [properties, names], and
gradients."""


def cg_combine(
    x_a: TensorMap,
    x_b: TensorMap,
    feature_names: Sequence[str] | None = None,
    clebsch_gordan: ClebschGordanReal | None = None,
    lcut: int | None = None,
    other_keys_match: Sequence[str] | None = None,
) -> TensorMap:
    """Couple every block of one TensorMap of equivariants with every block of another.

    Parameters
    ----------
    x_a, x_b : TensorMap
        With keys `order_nu` and `angular_channel`; see `anisoap_opt.utils.standardize_keys`.
    feature_names : sequence of str, optional
        Names of the properties; by default those of `x_a` with "_a", `k_<order>`, those of `x_b` with "_b",
        `l_<order>`, where k and l are the angular channels that were coupled.
    clebsch_gordan : ClebschGordanReal, optional
        Coefficients to use; by default new ones.
    lcut : int, optional
        Largest angular channel to make; by default all.
    other_keys_match : sequence of str, optional
        Keys that must be equal in both factors, such as ``["types_center"]``; the product has them once. All other
        keys are combined in every way, under names with "_a" and "_b" if both factors have them, or always if this
        argument is None.

    Returns
    -------
    TensorMap
        Keys `order_nu, angular_channel`, then the others; component `spherical_harmonics_m`. Columns follow the
        blocks of `x_a` (slowest), those of `x_b`, the properties of `x_a` and those of `x_b` (fastest). Gradients
        follow the product rule.

    Raises
    ------
    ValueError
        If a key is missing, two blocks to be coupled hold different samples or have different gradients, or
        `clebsch_gordan` ends too early.
    """
    from metatensor import Labels, TensorMap

    other_names, other_keys = _other_keys(x_a.keys.names, x_b.keys.names, other_keys_match)
    l_max = [int(x.keys["angular_channel"].max(initial=0)) for x in (x_a, x_b)]
    lcut = sum(l_max) if lcut is None else lcut
    cg = ClebschGordanReal(max(lcut, *l_max)) if clebsch_gordan is None else clebsch_gordan
    parts: dict[tuple[int, ...], list[Part]] = {}
    for key_a, block_a in x_a.items():
        for key_b, block_b in x_b.items():
            la, lb = int(key_a["angular_channel"]), int(key_b["angular_channel"])
            others = other_keys(key_a, key_b)
            if others is None:
                continue
            for L in range(abs(la - lb), min(la + lb, lcut) + 1):
                key = (int(key_a["order_nu"] + key_b["order_nu"]), L, *others)
                _check_samples(block_a.samples, block_b.samples, key)
                properties = _properties(block_a, la, block_b, lb)
                values = couple(cg, block_a.values, block_b.values, L)
                gradients = product_gradients(cg, block_a, block_b, L)
                parts.setdefault(key, []).append((block_b.samples, values, properties, gradients))

    key_names = ["order_nu", "angular_channel", *other_names]
    keys = Labels(key_names, np.array(list(parts), dtype=np.int32).reshape(-1, len(key_names)))
    if feature_names is None and parts:
        order = int(x_a.keys["order_nu"][0] + x_b.keys["order_nu"][0])
        names_a, names_b = x_a.block(0).properties.names, x_b.block(0).properties.names
        feature_names = [*(f"{n}_a" for n in names_a), f"k_{order}", *(f"{n}_b" for n in names_b), f"l_{order}"]
    return TensorMap(keys, [_product_block(key, of_key, feature_names or ()) for key, of_key in parts.items()])


def _other_keys(
    names_a: list[str], names_b: list[str], match: Sequence[str] | None
) -> tuple[list[str], Callable[[LabelsEntry, LabelsEntry], list[int] | None]]:
    """Names of the product's keys beside the coupled ones, and their values for two keys: None if these do not fit."""
    coupled, shared = {"order_nu", "angular_channel"}, list(match or [])
    for names in (names_a, names_b):
        if missing := sorted((coupled | set(shared)) - set(names)):
            raise ValueError(f"keys {missing} are missing among {names}; has it been through standardize_keys?")
    own_a = [name for name in names_a if name not in coupled and name not in shared]
    own_b = [name for name in names_b if name not in coupled and name not in shared]
    product_names = [
        *shared,
        *(name + "_a" if match is None or name in names_b else name for name in own_a),
        *(name + "_b" if match is None or name in names_a else name for name in own_b),
    ]

    def values(key_a: LabelsEntry, key_b: LabelsEntry) -> list[int] | None:
        if any(key_a[name] != key_b[name] for name in shared):
            return None
        return [int(key_a[name]) for name in shared + own_a] + [int(key_b[name]) for name in own_b]

    return product_names, values


def _properties(block_a: TensorBlock, la: int, block_b: TensorBlock, lb: int) -> npt.NDArray[Any]:
    """Property labels of all pairs of columns, [a · b, names]: those of a, la, those of b, lb."""
    one = np.insert(block_a.properties.values, len(block_a.properties.names), la, axis=1)
    two = np.insert(block_b.properties.values, len(block_b.properties.names), lb, axis=1)
    return np.hstack([np.repeat(one, len(two), axis=0), np.tile(two, (len(one), 1))])


def _product_block(key: tuple[int, ...], parts: list[Part], names: Sequence[str]) -> TensorBlock:
    """Join what all pairs of blocks gave for one key."""
    from metatensor import Labels, TensorBlock

    samples, values, properties, gradients = zip(*parts, strict=True)
    for one in samples:
        _check_samples(samples[0], one, key)
    orders = np.arange(-key[1], key[1] + 1, dtype=np.int32)[:, None]
    block = TensorBlock(
        values=np.concatenate(values, axis=-1),
        samples=samples[0],
        components=[Labels(["spherical_harmonics_m"], orders)],
        properties=Labels(list(names), np.concatenate(properties)),
    )
    add_joined(block, gradients)
    return block


def _check_samples(one: Labels, other: Labels, key: tuple[int, ...]) -> None:
    if not np.array_equal(one.values, other.values):
        raise ValueError(
            f"cannot couple blocks of {len(one)} and {len(other)} samples that are not the same, for the product's "
            f"key {key}; other_keys_match=['types_center'] couples only blocks of the same centres"
        )
