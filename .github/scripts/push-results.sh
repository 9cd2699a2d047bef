#!/usr/bin/env bash
# Usage: REMOTE=… push-results.sh FOLDER
# Commits the runners' recordings in FOLDER/history, their results in FOLDER/asv and its list of benchmarks to the branch
# asv-results of REMOTE, which is made if it is missing and shares no history with the code.
set -euo pipefail
folder=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git init --quiet "$work"
git -C "$work" remote add origin "$REMOTE"
if [ -n "$(git -C "$work" ls-remote --heads origin asv-results)" ]; then
    git -C "$work" fetch --quiet --depth 1 origin asv-results
    git -C "$work" checkout --quiet -B asv-results FETCH_HEAD
else
    git -C "$work" checkout --quiet --orphan asv-results
fi
mkdir -p "$work/asv" "$work/history"
shopt -s nullglob # where nothing was measured yet, there is nothing to copy
for file in "$folder"/asv/benchmarks.jso[n] "$folder"/asv/github-*; do cp -r "$file" "$work/asv"; done
for file in "$folder"/history/github-*.jsonl; do cp "$file" "$work/history"; done
git -C "$work" add --all
if git -C "$work" diff --cached --quiet; then
    echo "nothing new"
    exit 0
fi
git -C "$work" -c user.name="github-actions[bot]" -c user.email="41898282+github-actions[bot]@users.noreply.github.com" \
    commit --quiet -m "Results up to ${GITHUB_SHA:-this run}"
git -C "$work" push --quiet origin asv-results
