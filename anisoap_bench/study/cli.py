"""``python -m anisoap_bench study COMMAND``: hand over to one command's module, importing no other."""

from __future__ import annotations

import argparse
import importlib
import sys

COMMANDS = {
    "run": "time files with one backend, into a JSON file",
    "aggregate": "JSON files into tables",
    "scaling": "how the time grows with species, particles and neighbours",
    "stages": "where the time of a calculation goes",
    "plot": "tables into figures",
    "profile": "where a backend spends its time: cProfile, py-spy or Torch's profiler",
    "validate": "descriptors of all backends checked against the reference",
    "submit": "the files that send the study to an HTCondor pool",
    "all": "everything, for every installed backend, into results/",
}


def app(arguments: list[str], prog_name: str = "study") -> None:
    """Run one command and leave by SystemExit, with its exit code.

    A command is the module of that name in this package, with ``add_arguments(parser)`` and ``main(options)``.
    """
    parser = argparse.ArgumentParser(prog=prog_name, usage=f"{prog_name} COMMAND …", add_help=False)
    if not arguments or arguments[0] not in COMMANDS:
        asked = bool(arguments) and arguments[0] in ("-h", "--help")
        known = "\n".join(f"  {name:<10} {what}" for name, what in COMMANDS.items())
        print(f"{parser.format_usage()}\n{known}", file=sys.stdout if asked else sys.stderr)
        sys.exit(0 if asked else 2)
    sys.exit(run_command(arguments[0], arguments[1:], prog=f"{prog_name} {arguments[0]}"))


def run_command(name: str, arguments: list[str], prog: str | None = None) -> int:
    """Parse the arguments of one command and run it; its exit code."""
    module = importlib.import_module(f"anisoap_bench.study.{'everything' if name == 'all' else name}")
    parser = argparse.ArgumentParser(
        prog=prog, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.add_arguments(parser)
    return int(module.main(parser.parse_args(arguments)))
