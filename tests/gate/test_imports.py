"""What an import is made of: lines of ``-X importtime``, added up by group, and what only head imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import why
from anisoap_bench.gate.imports import import_times, seconds_by_group
from tests.gate.builds import installed
from tests.gate.small_repository import PACKAGE, write

OUTPUT = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   _io
words of a module
import time:        30 |         30 |       numpy.linalg
import time:      2000 |       2030 |     numpy
import time:       500 |       2530 |   anisoap_opt.pairs
import time:      7000 |       9530 | anisoap_opt
import time: 10000 | 0 | import
"""
MORE = "from time import perf_counter\n\nend = perf_counter() + 0.05\nwhile perf_counter() < end:\n    pass\n"


def test_own_times_are_added_up_by_group() -> None:
    groups = {"_io": 1e-4, "numpy": 2.03e-3, "anisoap_opt.pairs": 5e-4, "anisoap_opt": 7e-3, "import": 1e-2}
    assert seconds_by_group(OUTPUT) == pytest.approx(groups)


def test_what_only_one_build_imports_takes_no_time_in_the_other(tmp_path: Path) -> None:
    """And no more pairs than the fewest are begun after the deadline."""
    base = installed(tmp_path, "base", "import colorsys\n")
    head = installed(tmp_path, "head", "import anisoap_opt.more\n")
    write(head.folder, {"anisoap_opt/more.py": ""})
    found = import_times(base, head, tmp_path, 4, least=2, deadline=0.0)
    assert {times.shape for times in found.values()} == {(2, 2)}
    for name, ones in {"colorsys": [True, False], "anisoap_opt.more": [False, True]}.items():
        assert (found[name] > 0).T.tolist() == [ones, ones]
    whole = found.pop("import")
    assert (sum(found.values()) < whole).all()


def test_a_build_that_cannot_be_imported(tmp_path: Path) -> None:
    base, head = installed(tmp_path, "base", ""), installed(tmp_path, "head", "1 / 0\n")
    with pytest.raises(CannotMeasure, match=r"(?s)head cannot be imported:.*ZeroDivisionError"):
        import_times(base, head, tmp_path, 1, least=1, deadline=0.0)


@pytest.mark.slow
def test_a_module_that_only_head_imports_is_named(suite: Path) -> None:
    base = installed(suite.parent, "base")
    head = installed(suite.parent, "head", f"import anisoap_opt.more\n{PACKAGE}")
    write(head.folder, {"anisoap_opt/more.py": MORE})
    found = why.explain(base, head, suite, None, "import", pairs=4)
    assert found.pairs == 12
    assert "anisoap_opt.more, +" in found.sentence, found.sentence
    assert [one.name for one in found.stages if one.changed and one.change > 0.1] == ["anisoap_opt.more"]
