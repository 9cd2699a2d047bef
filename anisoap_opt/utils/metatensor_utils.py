"""AniSOAP's import path for the coupling of TensorMaps, and the names that it expects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from anisoap_opt.utils.cg_product import cg_combine
from anisoap_opt.utils.clebsch_gordan import ClebschGordanReal

if TYPE_CHECKING:
    from metatensor import TensorMap

__all__ = ["ClebschGordanReal", "cg_combine", "standardize_keys"]


def standardize_keys(descriptor: TensorMap) -> TensorMap:
    """Give an expansion the names that `cg_combine` expects.

    Parameters
    ----------
    descriptor : TensorMap
        From ``EllipsoidalDensityProjection.transform``, or any other whose keys hold `angular_channel`.

    Returns
    -------
    TensorMap
        The same values and gradients, not copied. Unless there is a key `order_nu` already, it becomes the first one,
        1 in every block; property names end with "_1", which replaces "_" and a digit.

    Raises
    ------
    ValueError
        If there is no key `angular_channel`.
    """
    from metatensor import Labels, TensorBlock, TensorMap

    key_names, keys = descriptor.keys.names, descriptor.keys.values
    if "angular_channel" not in key_names:
        raise ValueError(f"the descriptor has no key 'angular_channel', only {key_names}")
    if "order_nu" not in key_names:
        key_names, keys = ["order_nu", *key_names], np.insert(keys, 0, 1, axis=1)
    blocks = []
    for block in descriptor.blocks():
        names = [re.sub("_[0-9]?$", "", name) + "_1" for name in block.properties.names]
        properties = Labels(names, block.properties.values)
        renamed = TensorBlock(block.values, block.samples, block.components, properties)
        for parameter, gradient in block.gradients():
            renamed.add_gradient(
                parameter, TensorBlock(gradient.values, gradient.samples, gradient.components, properties)
            )
        blocks.append(renamed)
    return TensorMap(Labels(key_names, keys), blocks)
