#!/bin/sh
# Resolves every lock file again: hashes for all platforms and Pythons from 3.11 on, no download addresses.
set -eu
cd "$(dirname "$0")/../.."
uv=.venv/bin/uv
compile() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --custom-compile-command "make lock" "$@"; }
compile --upgrade --extra dev pyproject.toml --output-file requirements.lock
for name in label-studio swift postgres bench-scenedetect bench-data-juicer bench-datachain; do
    [ -f "infra/locks/$name.in" ] && compile --upgrade "infra/locks/$name.in" --output-file "infra/locks/$name.lock"
done
compile --upgrade infra/locks/partner.in --output-file infra/locks/partner.lock
compile --upgrade infra/locks/uv.in --output-file infra/locks/uv.lock.txt
