"""Time files with one backend: ``python -m anisoap_bench study run`` from anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anisoap_bench.__main__ import main  # noqa: E402 - the checkout has to be on the path first

if __name__ == "__main__":
    sys.exit(main(["study", "run", *sys.argv[1:]]))
