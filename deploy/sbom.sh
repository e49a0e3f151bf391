#!/bin/sh
# Lists the packages of each image in CycloneDX, from the lockfile: sbom/gateway.cdx.json and so on.
set -eu
mkdir -p sbom
for app in gateway worker admin local; do
  npx --yes @cyclonedx/cyclonedx-npm@6.0.1 --package-lock-only --omit dev --omit optional \
    --workspace "@ccg/$app" --workspace @ccg/cli --output-reproducible --output-file "sbom/$app.cdx.json"
  echo "sbom/$app.cdx.json"
done
