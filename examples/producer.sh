# DABBA_URL=https://app.example/dabba DABBA_SECRET=… sh examples/producer.sh
# How is a task enqueued with nothing but curl?
set -eu

# The query has the options. The id makes a repeated request harmless: the second answers 409.
id="mail-$(date +%s)-$$"
curl --silent --show-error --fail-with-body --retry 3 \
  --oauth2-bearer "$DABBA_SECRET" \
  --header 'content-type: application/json' \
  --data '{"email":"ada@example.com"}' \
  "$DABBA_URL/tasks/email.welcome?id=$id&priority=high"
echo

# Live, until its result; or once, without /events.
curl --silent --show-error --fail-with-body --no-buffer \
  --oauth2-bearer "$DABBA_SECRET" \
  "$DABBA_URL/messages/$id/events"
