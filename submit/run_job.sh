#!/usr/bin/env bash
# One job of the study, in the scratch folder of a pool's machine: run_job.sh SYSTEM BACKEND REPEAT [JOB]
# Its exit code is that of the measurement: 0 and metrics_SYSTEM_BACKEND_REPEAT.json, or no file.
set -euo pipefail

system=$1 backend=$2 repeat=$3 job=${4:-none}
cd "${_CONDOR_SCRATCH_DIR:-.}"

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1 \
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

"$python" project/scripts/run_benchmarks.py --data project/data --files "$system.xyz" --backend "$backend" \
    --repeats "${ANISOAP_REPEATS:-7}" --threads 1 ${frames:+--frames "$frames"} \
    --origin chtc --job "$job" --repeat-index "$repeat" --out "metrics_${system}_${backend}_${repeat}.json"
