#!/bin/sh
# Renews requirements/*.lock: exact versions with hashes, for every platform we support, naming no index.
set -eu
cd "$(dirname "$0")/.."
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install -q uv
for extra in agent server ocr postgresql dev; do
    .venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --no-emit-package mijian \
        --extra "$extra" pyproject.toml -o "requirements/$extra.lock"
done
