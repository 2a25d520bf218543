#!/usr/bin/env bash
# Lists known vulnerabilities of the packages that are pinned, from the advisories of the package feed.
#   eng/vulnerabilities.sh
# Ends with 0 if none is known, with 1 if one is, and with 2 if nobody can say: without a network, or with a feed that has no
# advisories, `dotnet list package --vulnerable` finds nothing and says that all is well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

asked=0
while read -r feed; do
  if index=$(curl --silent --show-error --fail --location --max-time 20 "$feed") && grep -q '"VulnerabilityInfo/' <<<"$index"; then
    asked=$((asked + 1))
  else
    echo "vulnerabilities.sh: $feed gives no advisories" >&2
  fi
done < <(dotnet nuget list source --format Short | sed -n 's/^E //p')
[ "$asked" -gt 0 ] || { echo "vulnerabilities.sh: cannot say whether any package is vulnerable: no feed gives advisories" >&2; exit 2; }

found=$(dotnet list RetrievalService.sln package --vulnerable --include-transitive)
echo "$found"
! grep -q 'has the following vulnerable packages' <<<"$found"
