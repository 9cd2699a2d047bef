"""The descriptors as a torch module, differentiable once and twice; needs the extra ``torch``."""

from importlib.util import find_spec

if find_spec("torch") is None:
    raise ModuleNotFoundError(
        "anisoap_opt.nn needs torch, which is not installed: pip install 'anisoap_opt[torch]'", name="torch"
    )

from anisoap_opt.nn.module import AniSOAP

__all__ = ["AniSOAP"]
