"""What needs Torch, without it."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import pytest


@pytest.mark.parametrize("module", ["anisoap_opt.nn", "anisoap_opt.ase"])
def test_the_extra_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("anisoap_opt.nn", "anisoap_opt.ase"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'anisoap_opt\[torch\]'"):
        importlib.import_module(module)
