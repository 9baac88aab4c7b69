#!/bin/sh
# Does compose.yaml work on this machine? Builds the image, starts everything under a name, with volumes and on ports of
# its own, has an order delivered, checks the books, stops it all, and removes it. Needs Docker with compose, and openssl.
set -eu
cd "$(dirname "$0")/.."

export COMPOSE_PROJECT_NAME=holdfast-check COMPOSE_PROFILES=try
export API_PORT=127.0.0.1:0 TEMPORAL_UI_PORT=127.0.0.1:0 MAIL_PORT=127.0.0.1:0
export CARRIER_PORT=127.0.0.1:0 PROCESSOR_PORT=127.0.0.1:0
POSTGRES_PASSWORD=$(openssl rand -hex 24)
LINK_SECRET=$(openssl rand -hex 24)
CARRIER_SECRET="whsec_$(openssl rand -base64 24)"
PROCESSOR_SECRET="whsec_$(openssl rand -base64 24)"
export POSTGRES_PASSWORD LINK_SECRET CARRIER_SECRET PROCESSOR_SECRET

# Without the .env of an installation that may be here, too.
compose() { docker compose --env-file /dev/null "$@"; }

finish() {
  result=$?
  [ "$result" -eq 0 ] || compose logs --tail 20 || true
  compose down --volumes
  [ "$result" -eq 0 ] && echo 'It works.' || echo 'It does not work.' >&2
  exit "$result"
}
trap finish EXIT
trap 'exit 130' INT TERM

compose up --build --detach
KEY=$(compose exec -T api node dist/make-key.js --role operator --name Check)
# The first story of `npm run demo`, from within: there is what it needs.
compose exec -T -e KEY="$KEY" api node --input-type=module - <<'END'
import { openShop } from '/app/dist/local/demo/shop.js'
import { STORIES } from '/app/dist/local/demo/stories.js'

const apiUrl = 'http://127.0.0.1:8080'
const readiness = () => fetch(`${apiUrl}/readyz`).then((answer) => answer.text(), String)
for (let tries = 60; !(await readiness()).startsWith('{"status":"ready"'); tries--) {
  if (tries === 0) throw new Error(await readiness())
  await new Promise((resolve) => setTimeout(resolve, 1000))
}
const [story] = STORIES
console.log(`${story.title}: ${await story.play(await openShop({ apiUrl, operatorKey: process.env.KEY, tag: 'CHECK' }))}`)
END
compose exec -T api node dist/check-books.js

compose stop
# Whoever had to be killed did not end with 0.
docker inspect --format '{{.Name}} ended with {{.State.ExitCode}}' $(compose ps --all --quiet api worker) |
  awk '{ print } $NF != 0 { failed = 1 } END { exit failed }'
