#!/bin/sh
# Tests a branch of NIPA, the CI of the netdev mailing list, on a board that runs its kernel, and publishes the result.
# Usage: BOARD=boards/dut4.toml WWW=/var/www/nipa URL=https://lab.example/nipa nipa.sh BRANCH
# NIPA_EXECUTOR is the name under which NIPA keeps your results. NIPA fetches $URL/results.json.
set -eu
export NIPA_BRANCH="$1" NIPA_EXECUTOR="${NIPA_EXECUTOR:-twinlink}"
export NIPA_LINK="$URL/$NIPA_BRANCH"
name="results-$NIPA_BRANCH.json"

# What differs from the model, and what could not be judged, is in the results.
twinlink run --board "$BOARD" --out "$WWW/$NIPA_BRANCH" --reporter nipa > "$WWW/$name.part" || [ $? -ne 2 ]
mv "$WWW/$name.part" "$WWW/$name"

# The manifest has an entry for each branch. Each entry is a line of a file here, so that adding one needs no tool.
entry="{\"branch\": \"$NIPA_BRANCH\", \"executor\": \"$NIPA_EXECUTOR\", \"url\": \"$URL/$name\"}"
touch "$WWW/entries"
grep -vF "\"branch\": \"$NIPA_BRANCH\"" "$WWW/entries" > "$WWW/entries.part" || true
echo "$entry" >> "$WWW/entries.part"
mv "$WWW/entries.part" "$WWW/entries"
{ echo "["; sed '$!s/$/,/' "$WWW/entries"; echo "]"; } > "$WWW/results.json.part"
mv "$WWW/results.json.part" "$WWW/results.json"
