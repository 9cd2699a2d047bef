"""``python -m anisoap_bench COMMAND …``: hand over to the command's own module, importing no other."""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from collections.abc import Mapping

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.terminal import note

COMMANDS = {
    "study": ("anisoap_bench.study", "run, aggregate, plot, profile, submit, validate: the optimisation study"),
    "history": ("anisoap_bench.history.cli", "measure commits in pairs, and say which changed a benchmark"),
    "dashboard": ("anisoap_bench.dashboard.publish", "publish asv's results as pages that need no network"),
    "gate": ("anisoap_bench.gate.cli", "compare two commits; exit code 1 if the second is slower or wrong"),
    "bisect": ("anisoap_bench.bisect.cli", "name the commit that changed a benchmark"),
    "calibrate": ("anisoap_bench.calibration.cli", "measure how often the gate is wrong"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 if it found something, 2 if it could not do its work."""
    try:
        return _run("python -m anisoap_bench", COMMANDS, sys.argv[1:] if arguments is None else arguments)
    except (CannotMeasure, OSError) as error:  # a full disk, a pipe that nobody reads
        note(f"error: {error}")
    except ModuleNotFoundError as error:
        note(f"error: {error}; install this checkout with the extra dev: pip install -e '.[dev]'")
    except KeyboardInterrupt:
        note("interrupted")
        return 130
    except Exception:  # Python's own exit code for what nobody foresaw is 1, which would say that something was found
        note(traceback.format_exc())
    return 2


def _run(program: str, commands: Mapping[str, tuple[str, str]], arguments: list[str]) -> int:
    """Run the command that the first argument names.

    Its module has ``add_arguments(parser)`` and ``main(options)``, or COMMANDS of its own.
    """
    name = arguments[0] if arguments else ""
    if name not in commands:
        asked = name in ("-h", "--help")
        known = "\n".join(f"  {name:<10}  {what}" for name, (_, what) in commands.items())
        print(f"usage: {program} COMMAND …\n\n{known}", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    module, program = importlib.import_module(commands[name][0]), f"{program} {name}"
    if hasattr(module, "COMMANDS"):
        return _run(program, module.COMMANDS, arguments[1:])
    parser = argparse.ArgumentParser(
        prog=program, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.add_arguments(parser)
    return int(module.main(parser.parse_args(arguments[1:])))


if __name__ == "__main__":
    sys.exit(main())
