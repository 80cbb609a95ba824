#!/bin/bash
# Check a detached proof with openssl and coreutils alone.
#   verify-proof.sh STATEMENT PROOF LOG_VKEY
# 1 the checkpoint in the proof is signed by the log key; 2 the statement's leaf leads to its root.
set -eu
statement=$1 proof=$2 vkey=$3
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
hex() { basenc --base16 -w0 | tr A-F a-f; }
bytes() { basenc --base16 -d <<< "${1^^}"; }
sha() { openssl dgst -sha256 -binary | hex; }

# The checkpoint: everything after the first empty line; its body: three lines.
sed '1,/^$/d' "$proof" > "$work/checkpoint"
head -n 3 "$work/checkpoint" > "$work/body"
size=$(sed -n 2p "$work/body") root=$(sed -n 3p "$work/body" | base64 -d | hex)
name=${vkey%%+*} key=$(cut -d+ -f3- <<< "$vkey" | base64 -d | tail -c 32 | hex)
bytes "302a300506032b6570032100$key" | openssl pkey -pubin -inform DER -out "$work/log.pem"
grep -F -- "— $name " "$work/checkpoint" | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c 64 > "$work/sig"
openssl pkeyutl -verify -pubin -inkey "$work/log.pem" -rawin -in "$work/body" -sigfile "$work/sig" > /dev/null ||
    { echo "checkpoint: bad signature"; exit 1; }

# The path, RFC 9162 2.1.3.2.
index=$(sed -n 's/^index //p' "$proof" | head -n 1) last=$((size - 1))
[ "$index" -lt "$size" ] || { echo "index outside the tree"; exit 1; }
at=$index hash=$({ printf '\0'; cat "$statement"; } | sha)
for step in $(sed '/^$/,$d' "$proof" | tail -n +3); do
    step=$(base64 -d <<< "$step" | hex)
    [ "$last" -gt 0 ] || { echo "path too long"; exit 1; }
    if [ $((at & 1)) = 1 ] || [ "$at" = "$last" ]; then
        hash=$(bytes "01$step$hash" | sha)
        while [ "$at" -gt 0 ] && [ $((at & 1)) = 0 ]; do at=$((at >> 1)) last=$((last >> 1)); done
    else
        hash=$(bytes "01$hash$step" | sha)
    fi
    at=$((at >> 1)) last=$((last >> 1))
done
[ "$last" = 0 ] && [ "$hash" = "$root" ] || { echo "the statement is not in this log"; exit 1; }
echo "OK: leaf $index of $size in $name"
