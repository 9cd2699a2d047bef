#!/usr/bin/env bash
# Usage: restore-results.sh [RANGE]
# Puts what the branch asv-results holds into results/, and prints, for GitHub's outputs,
#   range=…    the commits to measure: RANGE if it is given; else those since the newest one measured to its end on a
#              runner of this kind; the newest commit alone if there is none; nothing if there is nothing new
#   machine=…  a name for this runner. It says what its processor is, because that varies from night to night, and times
#              of different processors must not be mixed.
set -euo pipefail
range=${1:-}

# It is typed in by a person, and becomes a line of GitHub's outputs and a part of a shell command in the Makefile.
case $range in
*[!A-Za-z0-9._/@^~!{}-]* | -*)
    echo "no range of commits: $range" >&2
    exit 1
    ;;
esac

if [ -n "$(git ls-remote --heads origin asv-results)" ]; then
    git fetch --quiet --depth 1 origin asv-results
    mkdir -p results
    git archive FETCH_HEAD | tar -x -C results
fi

processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
machine="github-$(echo "$processor $(nproc) cores" | tr 'A-Z' 'a-z' | grep -oE '[a-z0-9]+' | paste -sd -)"

if [ -z "$range" ]; then
    range=1
    for commit in $(git rev-list --first-parent HEAD); do
        if grep -qsF "\"of\": \"$commit\"" "results/history/$machine.jsonl"; then # the line that ends a commit
            range="$commit..HEAD"
            [ "$commit" != "$(git rev-parse HEAD)" ] || range=
            break
        fi
    done
fi
echo "range=$range"
echo "machine=$machine"
