"""Whether a process goes on."""

import subprocess
import time


def goes_on(pid, seconds=10.0):
    """Whether a process still runs after so many seconds.

    One that has ended and waits for its parent does not run; one that was killed ends when it gets a core next.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
        if not shown or shown.startswith("Z"):
            return False
        time.sleep(0.05)
    return True
