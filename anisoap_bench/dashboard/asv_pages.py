"""What is changed in asv's published pages: a way back, one machine in a line, and the fast backends at first."""

from __future__ import annotations

import json
from pathlib import Path

from anisoap_bench.asv_files import Json
from anisoap_bench.dashboard.merge import Merged
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.systems import ANCHOR

MOST_LINES = 8
"""In the first view of a graph, as in asv's own."""
FIRST_ITEM = '<li id="nav-li-" class="active">'
OVERVIEW = '<li><a href="../index.html">Overview</a></li>\n\t'
CHOSEN = "state_selection = $.extend({}, $.asv.main_json.first_view[current_benchmark], state_selection);\n"
PARAMETERS = "          Generic parameter selections\n        */\n"
KEPT = "if (state[param].length != values.length || param == 'branch')"
CHANGES = {
    "index.html": {FIRST_ITEM: OVERVIEW + FIRST_ITEM},
    # What an address does not say is as in the first view, so addresses have to say that all machines are chosen.
    "graphdisplay.js": {
        PARAMETERS: f"{PARAMETERS}        {CHOSEN}",
        KEPT: KEPT.replace(")", " || param == 'machine')"),
    },
}
"""By file, what takes the place of a text that is in it once."""


def change(pages: Path, merged: Merged) -> None:
    """Change the pages; CannotMeasure if they are not those that this was written for."""
    for name, texts in CHANGES.items():
        content = (pages / name).read_text(encoding="utf-8")
        for old, new in texts.items():
            if content.count(old) != 1:
                raise CannotMeasure(f"asv's {name} is another one: {old.strip()!r} is not in it once")
            content = content.replace(old, new)
        (pages / name).write_text(content, encoding="utf-8")
    index = json.loads((pages / "index.json").read_text(encoding="utf-8"))
    index["first_view"] = {name: first_view(name, merged) for name in index["benchmarks"]}
    usual = [view["machine"][0] for view in index["first_view"].values()]
    index["params"]["machine"].sort(key=lambda machine: -usual.count(machine))
    (pages / "index.json").write_text(json.dumps(index), encoding="utf-8")
    for name, view in index["first_view"].items():
        _one_machine(pages, name, [one for one in index["graph_param_list"] if one["machine"] in view["machine"]])
    _fill_graphs(pages, index)


def first_view(benchmark: str, merged: Merged) -> dict[str, list[str]]:
    """Machine and parameters that a graph shows unless its address says others: without ANCHOR, if that leaves any."""
    machine, found = next(iter(merged.measured(benchmark).items()))
    measured = set().union(*(one.numbers(benchmark) for one in found))
    described = merged.benchmarks[benchmark]
    axes = [
        [value for value in axis if value.strip("'") in {key[place] for key in measured}]
        for place, axis in enumerate(described["params"])
    ]
    fast = [[value for value in axis if ANCHOR not in value] or axis for axis in axes]
    view, room = {"machine": [machine]}, MOST_LINES
    for place in sorted(range(len(axes)), key=lambda place: fast[place] == axes[place]):  # all backends, few systems
        shown = fast[place][: max(room, 1)]
        view[f"p-{described['param_names'][place]}"] = shown
        room //= len(shown)
    return view


def _one_machine(pages: Path, benchmark: str, parameters: list[Json]) -> None:
    """Write the line of the grid anew, from the graphs with these parameters: asv's has the mean over all machines."""
    from asv.graph import Graph, make_summary_graph

    graphs = []
    for one in parameters:
        graph = Graph(benchmark, one)
        if (path := pages / f"{graph.path}.json").exists():
            for revision, value in json.loads(path.read_text(encoding="utf-8")):
                graph.add_data_point(revision, value)
            graphs.append(graph)
    make_summary_graph(graphs).save(pages)


def _fill_graphs(pages: Path, index: Json) -> None:
    """Write a graph without values for every benchmark that was not measured in one of the environments.

    asv's page asks for the graphs of all environments, and would get errors for those that do not exist.
    """
    from asv.graph import Graph

    newest = max(map(int, index["revision_to_hash"]))
    for parameters in index["graph_param_list"]:
        for benchmark in index["benchmarks"]:
            path = pages / f"{Graph.get_file_path(parameters, benchmark)}.json"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps([[newest, None]]), encoding="utf-8")
