"""The texts of ``submit/``; `submit.py` fills them in."""

from __future__ import annotations

ENVIRONMENT = "environment.tar.gz"

DESCRIPTION = """\
# The study on an HTCondor pool: one job for every line of jobs.txt. README.md says how to submit it.
# Written by: python -m anisoap_bench study submit

universe = {universe}{image}
executable = run_job.sh
arguments = $(system) $(backend) $(repeat) $(ClusterId).$(ProcId)

request_cpus = 1
request_memory = 2GB
request_disk = 8GB
requirements = (OpSys == "LINUX") && (Arch == "X86_64")

should_transfer_files = YES
transfer_input_files = {inputs}
transfer_output_files = metrics_$(system)_$(backend)_$(repeat).json
when_to_transfer_output = ON_SUCCESS
success_exit_code = 0

# A job may fail because of its machine: try others. Exit code 2 means that what it was given can't be measured.
max_retries = 3
retry_until = 2
periodic_hold = (JobStatus == 2) && (time() - JobCurrentStartDate > 7200)
periodic_hold_reason = "it ran for more than two hours"
# 12 and 13: files could not be transferred from or to the machine.
periodic_release = (NumJobStarts < 4) && ((HoldReasonCode == 12) || (HoldReasonCode == 13))

log = anisoap_$(ClusterId).log
output = job_$(system)_$(backend)_$(repeat).out
error = job_$(system)_$(backend)_$(repeat).err

queue system, backend, repeat from jobs.txt
"""

RUN_JOB = """\
#!/usr/bin/env bash
# One job of the study, in the scratch folder of a pool's machine: run_job.sh SYSTEM BACKEND REPEAT [JOB]
# Its exit code is that of the measurement: 0 and metrics_SYSTEM_BACKEND_REPEAT.json, or no file.
set -euo pipefail

system=$1 backend=$2 repeat=$3 job=${4:-none}
cd "${_CONDOR_SCRATCH_DIR:-.}"

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1 \\
    VECLIB_MAXIMUM_THREADS=1 NUMBA_NUM_THREADS=1 TORCH_NUM_THREADS=1
unset ANISOAP_BACKEND DATA_ROOT
export HOME="$PWD" NUMBA_CACHE_DIR="$PWD/numba_cache" PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1

mkdir project
tar -xzf project.tar.gz -C project || exit 1 # tar's own 2 would look like an input that can't be measured

# The Python that was sent along, else the container's or the machine's own.
python=${ANISOAP_PYTHON:-python3}
if [ -f environment.tar.gz ]; then
    mkdir environment
    tar -xzf environment.tar.gz -C environment || exit 1
    python=$PWD/environment/bin/python
    if [ -f environment/bin/conda-unpack ]; then "$python" environment/bin/conda-unpack; fi
fi

export PYTHONPATH="$PWD/project"
"$python" -c 'import sys, anisoap_opt; print("Python", sys.version.split()[0], anisoap_opt.__file__)'

# `reference` takes a fifth of a second for a frame.
frames=${ANISOAP_FRAMES:-}
if [ "$backend" = reference ]; then frames=${frames:-20}; fi

"$python" project/scripts/run_benchmarks.py --data project/data --files "$system.xyz" --backend "$backend" \\
    --repeats "${ANISOAP_REPEATS:-7}" --threads 1 ${frames:+--frames "$frames"} \\
    --origin chtc --job "$job" --repeat-index "$repeat" --out "metrics_${system}_${backend}_${repeat}.json"
"""

README = """\
# The study on an HTCondor pool

The inputs and results apart, everything here is written by `python -m anisoap_bench study submit --out submit/`.

| file | what it is |
|---|---|
| `anisoap.sub` | submit description: one processor a job, transfers, requirements, retries |
| `jobs.txt` | one job a line: system, backend, repeat |
| `run_job.sh` | what a job does |
| `project.tar.gz` | input: this checkout's programs and data; packed by `--inputs` |
| `environment.tar.gz` | input: Python and what the package needs; packed by you, see below |

## Submit

On an access point of the pool (Linux, x86_64), in the root of the checkout:

```bash
python -m anisoap_bench study submit --out submit/ --inputs    # again after every change of the checkout
conda env create -f env/environment.yml
conda install -n base -c conda-forge conda-pack
conda pack -n anisoap-opt --ignore-editable-packages -o submit/environment.tar.gz
cd submit
condor_submit anisoap.sub
```

The package itself comes from `project.tar.gz`, not from the environment, so the environment can be kept while the
code changes. Where the pool asks for large files to lie elsewhere (often from 1 GB on), put `environment.tar.gz` there
and write its address in `transfer_input_files`.

With a container instead: `python -m anisoap_bench study submit --out submit/ --inputs --container IMAGE`, where
IMAGE is `docker://…` or a `.sif` file with Python and `anisoap_opt[bench,compiled,torch]`. No `environment.tar.gz` is
needed then. `ANISOAP_PYTHON` in the job's environment names its interpreter if that is not `python3`.

`--systems`, `--backends` and `--repeats` choose other jobs. `reference` measures the first 20 frames of a file.

## Get the results

`condor_wait anisoap_CLUSTER.log` waits for all jobs. A job that succeeded brings back
`metrics_SYSTEM_BACKEND_REPEAT.json`. One that failed is tried on up to three other machines; if the input is at fault
(exit code 2), it is not, and `job_….err` says why. A job that runs for two hours is held. Then, in the root of the
checkout:

```bash
python scripts/aggregate_metrics.py --inputs submit/metrics_*.json --out results/tables/combined_from_metrics.csv
```

`results/tables/timings_chtc.csv` has a row for each repeat of each job.

## Try one job here

As the pool runs it, in an empty folder:

```bash
mkdir /tmp/scratch && cp submit/run_job.sh submit/project.tar.gz /tmp/scratch && cd /tmp/scratch
env -i PATH="$PATH" ANISOAP_PYTHON="$(command -v python)" ANISOAP_FRAMES=2 ./run_job.sh benzenes numba 0
```
"""


def description(project: str, container: str | None) -> str:
    """The submit description, with the Python that a job uses: a container's, or the one that is sent along."""
    return DESCRIPTION.format(
        universe="container" if container else "vanilla",
        image=f"\ncontainer_image = {container}" if container else "",
        inputs=project if container else f"{project}, {ENVIRONMENT}",
    )
