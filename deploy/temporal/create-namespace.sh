#!/bin/sh
# The namespace and the search attributes that Holdfast needs. Settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and
# RETENTION (how long finished workflows are kept). Does nothing where there is nothing to do.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}

# For a minute; then it has failed, and says with what.
try() {
  tries=1
  until "$@"; do
    [ "$tries" -lt 30 ] || return 1
    tries=$((tries + 1))
    sleep 2
  done
}

try temporal operator cluster health
temporal operator namespace describe -n "$namespace" ||
  temporal operator namespace create -n "$namespace" --retention "${RETENTION:-168h}"
# A namespace that was only just made is not known everywhere at once.
try temporal operator search-attribute create -n "$namespace" \
  --name OrderNumber --type Keyword \
  --name Stage --type Keyword \
  --name PartnerId --type Keyword \
  --name Sku --type KeywordList \
  --name Deadline --type Datetime
