"""``python -m anisoap_bench COMMAND …``: hand over to the command's own module, importing no other."""

from __future__ import annotations

import importlib
import sys
import traceback

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.terminal import note

COMMANDS = {
    "study": ("anisoap_bench.study.cli", "run, aggregate, plot, profile, submit, validate: the optimisation study"),
    "history": ("anisoap_bench.history.cli", "measure a range of commits with asv"),
    "dashboard": ("anisoap_bench.dashboard.cli", "publish asv's results as pages that need no network"),
    "gate": ("anisoap_bench.gate.cli", "compare two commits; exit code 1 if the second is slower or wrong"),
    "calibrate": ("anisoap_bench.gate.calibration", "measure how often the gate is wrong"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 if it found something, 2 if it could not do its work."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] not in COMMANDS:
        known = "\n".join(f"  {name:<10}  {what}" for name, (_, what) in COMMANDS.items())
        asked = bool(arguments) and arguments[0] in ("-h", "--help")
        print(f"usage: python -m anisoap_bench COMMAND …\n\n{known}", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        app = importlib.import_module(COMMANDS[arguments[0]][0]).app
        app(arguments[1:], prog_name=f"python -m anisoap_bench {arguments[0]}")  # ends in SystemExit
    except CannotMeasure as error:
        note(f"error: {error}")
        return 2
    except ModuleNotFoundError as error:
        note(f"error: {error}; install this checkout with the extra dev: pip install -e '.[dev]'")
        return 2
    except KeyboardInterrupt:
        note("interrupted")
        return 130
    # Python's own exit code for what nobody foresaw, and typer's where nobody reads what it prints, is 1, which would
    # say that something was found.
    except SystemExit as end:
        if isinstance(end.__context__, OSError):
            return 2
        raise
    except Exception:
        note(traceback.format_exc())
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
