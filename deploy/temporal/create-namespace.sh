#!/bin/sh
# The namespace and the search attributes that Holdfast needs. Settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and
# RETENTION (how long finished workflows are kept). Does nothing where there is nothing to do.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}
until temporal operator cluster health; do sleep 2; done
temporal operator namespace describe -n "$namespace" ||
  temporal operator namespace create -n "$namespace" --retention "${RETENTION:-168h}"
# A namespace that was only just made is not known everywhere at once.
until temporal operator search-attribute create -n "$namespace" \
  --name OrderNumber --type Keyword \
  --name Stage --type Keyword \
  --name PartnerId --type Keyword \
  --name Sku --type KeywordList \
  --name Deadline --type Datetime; do sleep 2; done
