"""The backends that benchmarks take as a parameter: those of this checkout, in the order of its table.

asv knows a combination of parameters by its number alone, asks for the list once a run, and counts it off again in the
environment of every commit. So the list must not depend on the commit that is installed, or numbers would go to another
backend's name: it is read from the source beside this folder, without importing it. What a commit lacks is skipped.
"""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "anisoap_opt" / "kernels" / "__init__.py"


def names(source: str) -> tuple[str, ...]:
    """Keys of the dictionary BACKENDS in the source of a module, but for backends that are not meant for a CPU."""
    assigned = {
        ast.unparse(node.targets[0]): node.value for node in ast.parse(source).body if isinstance(node, ast.Assign)
    }
    entries = zip(assigned["BACKENDS"].keys, assigned["BACKENDS"].values, strict=True)
    return tuple(ast.literal_eval(key) for key, entry in entries if "on_cpu=False" not in ast.unparse(entry))


BACKENDS = names(SOURCE.read_text(encoding="utf-8"))


def all_but(*left_out: str) -> tuple[str, ...]:
    """The backends without those of which a benchmark would tell nothing new."""
    return tuple(name for name in BACKENDS if name not in left_out)


FAST = all_but("reference", "torch_mixed")
"""With code of their own for everything: `reference` takes long, `torch_mixed` is `numpy_only` but for one step."""
