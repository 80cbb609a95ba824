#!/bin/sh
# Write the lock files again from pyproject.toml. Needs `uv`; run it by hand when a dependency changes.
# --universal: one file for Python 3.11 (PyAV 18, numpy 2.4) and for newer ones. No index line may come out.
set -eu
cd "$(dirname "$0")/.."
lock() { uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet "$@"; }
lock --extra build -o requirements/run.txt
lock --extra build --extra speech --extra sherpa -o requirements/speech.txt
# The tests run both engines: what is not installed is not tested.
lock --extra build --extra test --extra speech --extra sherpa --extra bureau -o requirements/test.txt
lock --extra build --extra bureau -o requirements/bureau.txt
