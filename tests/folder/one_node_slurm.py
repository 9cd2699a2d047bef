"""A Slurm of one node, with daemons, keys, ports and files of its own: for tests, as any user, without systemd."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from getpass import getuser
from pathlib import Path

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
PlugStackConfig=/dev/null
# A container has no cgroups.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SchedulerParameters=batch_sched_delay=0,sched_interval=1
KillWait=2
# The node is what is written here, whatever the machine has.
SlurmdParameters=config_overrides
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=8000
PartitionName=main Nodes=one Default=YES MaxTime=INFINITE State=UP
"""

PROGRAMS = ("setpriv", "munged", "slurmctld", "slurmd", "sinfo", "scancel", "sbatch")


class CannotStart(Exception):
    """There is no Slurm here, or it does not start: says why."""


@contextmanager
def one_node_slurm(folder: Path) -> Iterator[Path]:
    """Start munged, slurmctld and slurmd in a folder, and stop them again with every job that still runs.

    They also end when the process that started them is killed.

    Parameters
    ----------
    folder : Path
        For configuration, sockets and logs. Its path is short: a socket's may have 107 bytes.

    Yields
    ------
    Path
        The configuration, for the variable SLURM_CONF of whoever calls sbatch.

    Raises
    ------
    CannotStart
        If a program is missing, or they are not ready within twenty seconds.
    """
    programs = {name: _program(name) for name in PROGRAMS}
    configuration = folder / "slurm.conf"
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    controller_port, node_port = _free_ports(2)
    host = socket.gethostname().split(".")[0]
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder, user=getuser(), host=host, controller_port=controller_port, node_port=node_port
        )
    )
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    names = {"socket": "munge.socket", "key-file": key.name, "seed-file": "munge.seed", "pid-file": "munge.pid"}
    munge_files = [f"--{option}={folder / name}" for option, name in {**names, "log-file": "munge.log"}.items()]

    def asked(name: str, *arguments: str) -> str:
        command = [programs[name], *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20).stdout

    with ExitStack() as running:

        def start(name: str, *arguments: str) -> None:
            command = [programs["setpriv"], "--pdeathsig", "TERM", programs[name], *arguments]
            with (folder / f"{name}.out").open("w") as out:
                process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            running.callback(_stop, process)

        def ready() -> bool:
            return asked("sinfo", "--noheader", "--format=%t").split() == ["idle"]

        def no_jobs() -> bool:
            asked("scancel", "--user", getuser())
            return ready()

        # --force: the parents of a temporary folder belong to others.
        start("munged", "--foreground", "--force", *munge_files)
        wait(lambda: (folder / "munge.socket").exists(), folder)
        start("slurmctld", "-D", "-c", "-f", str(configuration))
        start("slurmd", "-D", "-N", "one", "-f", str(configuration))
        wait(ready, folder)
        running.callback(wait, no_jobs, folder)
        yield configuration


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise CannotStart(f"no {name} here: Debian's packages slurm-wlm and munge bring Slurm")
    return found


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait(until: Callable[[], bool], folder: Path) -> None:
    """Wait up to twenty seconds; then say what the daemons said last."""
    deadline = time.monotonic() + 20
    while not until():
        if time.monotonic() > deadline:
            tails = [path.read_text().splitlines()[-3:] for path in sorted(folder.glob("*.out"))]
            raise CannotStart("Slurm is not ready: " + " | ".join(line for tail in tails for line in tail))
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
