#!/usr/bin/env bash
# `hean process generate` against a local server that plays the model, well and badly.
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/hean-openai.XXXXXX")
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 "$(dirname "$0")/openai.py" "$build" "$work"
