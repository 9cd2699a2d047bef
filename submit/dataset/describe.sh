#!/usr/bin/env bash
# One shard of a data set, in the scratch folder of a pool's machine: describe.sh SHARD SHARDS FILE OPTIONS…
# Its exit code is that of `anisoap-opt describe`: 0 and the folder part-SHARD, or not.
set -euo pipefail

shard=$1 shards=$2
shift 2
cd "${_CONDOR_SCRATCH_DIR:-.}"

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
export HOME="$PWD" NUMBA_CACHE_DIR="$PWD/numba_cache" PYTHONNOUSERSITE=1

# The Python that was sent along, else the container's own.
if [ -f environment.tar.gz ]; then
    mkdir environment
    tar -xzf environment.tar.gz -C environment || exit 1 # tar's own 2 would look like an input that makes no sense
    export PATH="$PWD/environment/bin:$PATH"
    if [ -f environment/bin/conda-unpack ]; then environment/bin/python environment/bin/conda-unpack; fi
fi

exec anisoap-opt describe "$@" --shard "$shard/$shards" --out "part-$shard"
