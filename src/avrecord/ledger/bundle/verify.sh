#!/bin/bash
# Verify this bag with coreutils, openssl, ssh-keygen and minisign alone.
#   ./verify.sh [ALLOWED_SIGNERS [LOG_VKEY_FILE]]     without them the keys in the bag are used, which prove nothing
# LOG_VKEY_FILE may hold several keys, one a line: a log whose key was changed has checkpoints by each.
set -u
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")"
signers=${1:-trust/allowed_signers} vkeys=$(cat "${2:-trust/log.vkey}") bad=0
[ $# = 2 ] || echo "WARNING: keys from the bag itself; this shows only that the bag agrees with itself"
fail() { echo "BAD: $*"; bad=1; }
hex() { basenc --base16 -w0 | tr A-F a-f; }
bytes() { basenc --base16 -d <<< "${1^^}"; }
sha() { openssl dgst -sha256 -binary | hex; }

# 1 the tag manifest is signed by a clip key that the signers file names
signed=no
for line in $(sed -n 's/.*ssh-ed25519 \([^ ]*\).*/\1/p' "$signers"); do
    key=$(base64 -d <<< "$line" | tail -c 32 | hex) number=
    number=$(bytes "$key" | sha | cut -c1-16)
    minisign -Vq -P "$(bytes "4564$number$key" | base64 -w0)" -m tagmanifest-sha256.txt > /dev/null 2>&1 && signed=yes
done
[ $signed = yes ] || fail "tag manifest: signature"
# 2 every file is listed and is what the manifests say; nothing else is there
sha256sum --quiet -c tagmanifest-sha256.txt && sha256sum --quiet -c manifest-sha256.txt || fail "digests"
listed=$(cat tagmanifest-sha256.txt manifest-sha256.txt | cut -c67- | sort)
there=$(find . -type l -o -type f | sed 's#^\./##' | grep -v '^tagmanifest-sha256.txt' | sort)
[ -z "$(find . -type l)" ] || fail "links"
[ "$listed" = "$there" ] || fail "files that are not listed, or missing"
# 3 each clip carries a seal by a key that the signers file names, at the time that its statement claims
while IFS= read -r -d '' seal; do
    digest=$(openssl dgst -sha256 -r "${seal%.sig}" | cut -c1-64)
    at=$(grep -hF "\"clip\":\"$digest\"" data/statements/*.json | grep '"kind":"clip.se\(aled\|t_aside\)"' | head -n 1 |
        sed -n 's/^{"at":"\([^"]*\)".*/\1/p')
    at=$(tr -d 'TZ:-' <<< "${at%%.*}")
    ssh-keygen -Y verify -f "$signers" -I "{{station}}" -n clip@avrecord ${at:+-O verify-time=${at}Z} -s "$seal" < "${seal%.sig}" > /dev/null 2>&1 ||
        fail "seal: ${seal%.sig}"
done < <(find data/clips -name '*.sig' -print0)
# 4 each statement is in the log whose checkpoint the log key signed
signed_by_a_log_key() { # a checkpoint is signed by one of the keys; its origin is the key's name
    for vkey in $vkeys; do
        name=${vkey%%+*}
        [ "$(head -n 1 $work/log.body)" = "$name" ] || continue
        bytes "302a300506032b6570032100$(cut -d+ -f3- <<< "$vkey" | base64 -d | tail -c 32 | hex)" |
            openssl pkey -pubin -inform DER -out $work/log.pem
        for line in $(grep -F -- "— $name " $work/log.checkpoint | cut -d' ' -f3); do
            base64 -d <<< "$line" | tail -c 64 > $work/log.sig
            openssl pkeyutl -verify -pubin -inkey $work/log.pem -rawin -in $work/log.body -sigfile $work/log.sig \
                > /dev/null 2>&1 && return 0
        done
    done
    return 1
}
for statement in data/statements/*.json; do
    proof=proofs/$(basename "$statement" .json).tlog-proof
    sed '1,/^$/d' "$proof" > $work/log.checkpoint; head -n 3 $work/log.checkpoint > $work/log.body
    signed_by_a_log_key || { fail "checkpoint of $proof"; continue; }
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
