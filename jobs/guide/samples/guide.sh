#: setup
API=http://127.0.0.1:8000
PHOTOS=(kitchen.jpg waiting_room.jpg)

#: sign-up
TOKEN=$(curl -sS -X POST "$API/auth/anon" | jq -r .data.token)
AUTH="Authorization: Bearer $TOKEN"

#: create
CREATED=$(curl -sS -X POST "$API/jobs" -H "$AUTH" \
  -d '{"preset": "interior", "item_count": 2}')
JOB=$(jq -r .data.job_id <<< "$CREATED")

#: upload
for i in "${!PHOTOS[@]}"; do
  curl -sS -T "${PHOTOS[i]}" "$(jq -r ".data.upload[$i].url" <<< "$CREATED")"
done
curl -sS -X POST "$API/jobs/$JOB/confirm-upload" -H "$AUTH" \
  | jq -c .data.missing                   # [] when every photo is there

#: execute
ORDER='{
  "concepts": {
    "Cabinet": {"action": "recolor", "value": "navy"},
    "Floor":   {"action": "texture", "value": "oak"},
    "Ceiling": {"action": "tone",    "value": "bright:0.4"}
  }
}'
curl -sS -X POST "$API/jobs/$JOB/execute" -H "$AUTH" -d "$ORDER" \
  | jq -c .data.warnings                  # [] when all of it is understood

#: poll
while true; do
  STATE=$(curl -sS "$API/jobs/$JOB" -H "$AUTH")
  [[ $(jq -r .data.status <<< "$STATE") =~ ^(done|failed|canceled)$ ]] && break
  sleep 3
done
jq -c .data.items[] <<< "$STATE"          # how each photo went

#: download
jq -r '.data.outputs_ready[] | "\(.idx) \(.result_url)"' <<< "$STATE" |
while read -r idx url; do
  curl -sS "$url" -o "result-$idx.png"
done

#: check
curl -sS -X POST "$API/jobs/check" -H "$AUTH" -d '{
  "preset": "interior",
  "item_count": 2,
  "concepts": {"Wall": {"action": "recolor", "value": "sagee"}}
}' | jq -r '.data | .credits, .admitted, .warnings[].message'

#: cancel
SPARE=$(curl -sS -X POST "$API/jobs" -H "$AUTH" \
  -d '{"preset": "interior", "item_count": 3}' | jq -r .data.job_id)
curl -sS -X POST "$API/jobs/$SPARE/cancel" -H "$AUTH" \
  | jq '.data.refunded, .data.credits'    # 3 come back

#: conditional
TAG=$(curl -sS -D - -o job.json "$API/jobs/$JOB" -H "$AUTH" | sed -n 's/^etag: //Ip' | tr -d '\r')
curl -sS -o /dev/null -w '%{http_code}\n' "$API/jobs/$JOB" \
  -H "$AUTH" -H "If-None-Match: $TAG"     # 304: job.json still holds

#: repeat
create() {
  curl -sS -X POST "$API/jobs" -H "$AUTH" -H "Idempotency-Key: album-7" \
    -d '{"preset": "interior", "item_count": 1}' | jq -r .data.job_id
}
FIRST=$(create)
SECOND=$(create)                          # the answer got lost? send it again
[ "$FIRST" = "$SECOND" ] && echo "one job, paid once"

#: refused
ERROR=$(curl -sS -X POST "$API/jobs" -H "$AUTH" -d '{"preset": "interior", "item_count": 200}')
case $(jq -r .error.code <<< "$ERROR") in
  CREDITS_EXHAUSTED) jq -r .error.message <<< "$ERROR" ;;
  RATE_LIMITED|UNAVAILABLE) echo "wait for Retry-After seconds, then send it again" ;;
  *) jq . <<< "$ERROR" ;;
esac
