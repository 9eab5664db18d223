#: setup
import time
from pathlib import Path

import requests

API = "http://127.0.0.1:8000"
PHOTOS = ["kitchen.jpg", "waiting_room.jpg"]
s3 = requests.Session()


def call(method, path, body=None, **headers):
    """One call of the API: its data, or an exception with the server's words."""
    response = s3.request(method, API + path, json=body, headers=headers, timeout=30)
    answer = response.json()
    if not answer["success"]:
        raise RuntimeError(f"{answer['error']['code']}: {answer['error']['message']}")
    return answer["data"]


#: sign-up
token = call("POST", "/auth/anon")["token"]
s3.headers["Authorization"] = f"Bearer {token}"

#: create
job = call("POST", "/jobs", {"preset": "interior", "item_count": len(PHOTOS)})
job_path = f"/jobs/{job['job_id']}"

#: upload
for photo, upload in zip(PHOTOS, job["upload"], strict=True):
    # Straight to the storage: no token goes there.
    requests.put(upload["url"], data=Path(photo).read_bytes(), timeout=300).raise_for_status()
confirmed = call("POST", f"{job_path}/confirm-upload")
print(confirmed["missing"])  # [] when every photo is there

#: execute
order = {
    "concepts": {
        "Cabinet": {"action": "recolor", "value": "navy"},
        "Floor": {"action": "texture", "value": "oak"},
        "Ceiling": {"action": "tone", "value": "bright:0.4"},
    }
}
queued = call("POST", f"{job_path}/execute", order)
print(queued["warnings"])  # [] when all of it is understood

#: poll
while (job := call("GET", job_path))["status"] not in ("done", "failed", "canceled"):
    time.sleep(3)
for item in job["items"]:
    print(item)  # how each photo went

#: download
for output in job["outputs_ready"]:
    result = requests.get(output["result_url"], timeout=300)
    Path(f"result-{output['idx']}.png").write_bytes(result.content)

#: check
check = call(
    "POST",
    "/jobs/check",
    {
        "preset": "interior",
        "item_count": 2,
        "concepts": {"Wall": {"action": "recolor", "value": "sagee"}},
    },
)
print(check["credits"], check["admitted"])
for warning in check["warnings"]:
    print(warning["message"])

#: cancel
spare = call("POST", "/jobs", {"preset": "interior", "item_count": 3})
canceled = call("POST", f"/jobs/{spare['job_id']}/cancel")
print(canceled["refunded"], canceled["credits"])  # 3 come back

#: conditional
first = s3.get(API + job_path, timeout=30)
again = s3.get(API + job_path, headers={"If-None-Match": first.headers["ETag"]}, timeout=30)
print(again.status_code)  # 304: the first answer still holds

#: repeat
request = {"preset": "interior", "item_count": 1}
first = call("POST", "/jobs", request, **{"Idempotency-Key": "album-7"})
again = call("POST", "/jobs", request, **{"Idempotency-Key": "album-7"})  # the answer got lost?
if first["job_id"] == again["job_id"]:
    print("one job, paid once")

#: refused
response = s3.post(API + "/jobs", json={"preset": "interior", "item_count": 200}, timeout=30)
error = response.json()["error"]
if error["code"] == "CREDITS_EXHAUSTED":
    print(error["message"])
elif error["code"] in ("RATE_LIMITED", "UNAVAILABLE"):
    time.sleep(int(response.headers["Retry-After"]))  # then send it again
