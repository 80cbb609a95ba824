#!/bin/bash
# Verify this bag with coreutils, openssl, ssh-keygen and minisign alone.
#   ./verify.sh [ALLOWED_SIGNERS [LOG_VKEY_FILE]]     without them the keys in the bag are used, which prove nothing
set -u
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")"
signers=${1:-trust/allowed_signers} vkey=$(cat "${2:-trust/log.vkey}") bad=0
[ $# = 2 ] || echo "WARNING: keys from the bag itself; this shows only that the bag agrees with itself"
fail() { echo "BAD: $*"; bad=1; }
hex() { basenc --base16 -w0 | tr A-F a-f; }
bytes() { basenc --base16 -d <<< "${1^^}"; }
sha() { openssl dgst -sha256 -binary | hex; }

# 1 the tag manifest is signed by the clip key that the signers file names
key=$(sed -n 's/.*ssh-ed25519 \([^ ]*\).*/\1/p' "$signers" | head -n 1 | base64 -d | tail -c 32 | hex)
number=$(bytes "$key" | sha | cut -c1-16)
minisign -Vq -P "$(bytes "4564$number$key" | base64 -w0)" -m tagmanifest-sha256.txt || fail "tag manifest: signature"
# 2 every file is listed and is what the manifests say; nothing else is there
sha256sum --quiet -c tagmanifest-sha256.txt && sha256sum --quiet -c manifest-sha256.txt || fail "digests"
listed=$(cat tagmanifest-sha256.txt manifest-sha256.txt | cut -c67- | sort)
there=$(find . -type l -o -type f | sed 's#^\./##' | grep -v '^tagmanifest-sha256.txt' | sort)
[ -z "$(find . -type l)" ] || fail "links"
[ "$listed" = "$there" ] || fail "files that are not listed, or missing"
# 3 each clip carries a seal by a key that the signers file names
while IFS= read -r -d '' seal; do
    ssh-keygen -Y verify -f "$signers" -I "{{station}}" -n clip@avrecord -s "$seal" < "${seal%.sig}" > /dev/null 2>&1 ||
        fail "seal: ${seal%.sig}"
done < <(find data/clips -name '*.sig' -print0)
# 4 each statement is in the log whose checkpoint the log key signed
name=${vkey%%+*}
bytes "302a300506032b6570032100$(cut -d+ -f3- <<< "$vkey" | base64 -d | tail -c 32 | hex)" |
    openssl pkey -pubin -inform DER -out $work/log.pem
for statement in data/statements/*.json; do
    proof=proofs/$(basename "$statement" .json).tlog-proof
    sed '1,/^$/d' "$proof" > $work/log.checkpoint; head -n 3 $work/log.checkpoint > $work/log.body
    grep -F -- "— $name " $work/log.checkpoint | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c 64 > $work/log.sig
    openssl pkeyutl -verify -pubin -inkey $work/log.pem -rawin -in $work/log.body -sigfile $work/log.sig > /dev/null 2>&1 ||
        { fail "checkpoint of $proof"; continue; }
    size=$(sed -n 2p $work/log.body) root=$(sed -n 3p $work/log.body | base64 -d | hex)
    at=$(sed -n 's/^index //p' "$proof" | head -n 1) last=$((size - 1)) hash=$({ printf '\0'; cat "$statement"; } | sha)
    [ "$at" -lt "$size" ] || { fail "index of $proof"; continue; }
    for step in $(sed '/^$/,$d' "$proof" | tail -n +3); do
        step=$(base64 -d <<< "$step" | hex)
        if [ $((at & 1)) = 1 ] || [ "$at" = "$last" ]; then
            hash=$(bytes "01$step$hash" | sha)
            while [ "$at" -gt 0 ] && [ $((at & 1)) = 0 ]; do at=$((at >> 1)) last=$((last >> 1)); done
        else
            hash=$(bytes "01$hash$step" | sha)
        fi
        at=$((at >> 1)) last=$((last >> 1))
    done
    [ "$last" = 0 ] && [ "$hash" = "$root" ] || fail "not in the log: $statement"
done
# 5 each clip's bytes are those that a statement names
while IFS= read -r -d '' clip; do
    grep -qF "\"clip\":\"$(openssl dgst -sha256 -r "$clip" | cut -c1-64)\"" data/statements/*.json || fail "no statement: $clip"
done < <(find data/clips -type f ! -name '*.sig' -print0)
[ $bad = 0 ] && echo "OK" || exit 1
