"""The module without Torch."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import pytest


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("anisoap_opt.nn")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'anisoap_opt\[torch\]'"):
        importlib.import_module("anisoap_opt.nn")
