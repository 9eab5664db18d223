//: setup
import { readFile, writeFile } from "node:fs/promises";

const API = "http://127.0.0.1:8000";
const PHOTOS = ["kitchen.jpg", "waiting_room.jpg"];
let token;

/** One call of the API: its data, or an Error with the server's words. */
async function call(method, path, body, headers = {}) {
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(API + path, { method, headers, body: JSON.stringify(body) });
  const { success, data, error } = await response.json();
  if (!success) throw new Error(`${error.code}: ${error.message}`);
  return data;
}

//: sign-up
({ token } = await call("POST", "/auth/anon"));

//: create
let job = await call("POST", "/jobs", { preset: "interior", item_count: PHOTOS.length });
const jobPath = `/jobs/${job.job_id}`;

//: upload
for (const { idx, url } of job.upload) {
  // Straight to the storage: no token goes there. In a browser the body is the File itself.
  const put = await fetch(url, { method: "PUT", body: await readFile(PHOTOS[idx]) });
  if (!put.ok) throw new Error(`upload of ${PHOTOS[idx]}: ${put.status}`);
}
const { missing } = await call("POST", `${jobPath}/confirm-upload`);
console.log(JSON.stringify(missing)); // [] when every photo is there

//: execute
const order = {
  concepts: {
    Cabinet: { action: "recolor", value: "navy" },
    Floor: { action: "texture", value: "oak" },
    Ceiling: { action: "tone", value: "bright:0.4" },
  },
};
const { warnings } = await call("POST", `${jobPath}/execute`, order);
console.log(JSON.stringify(warnings)); // [] when all of it is understood

//: poll
const finished = ["done", "failed", "canceled"];
while (!finished.includes((job = await call("GET", jobPath)).status)) {
  await new Promise((resolve) => setTimeout(resolve, 3000));
}
for (const item of job.items) console.log(item); // how each photo went

//: download
for (const { idx, result_url } of job.outputs_ready) {
  const result = await fetch(result_url);
  await writeFile(`result-${idx}.png`, Buffer.from(await result.arrayBuffer()));
}

//: check
const check = await call("POST", "/jobs/check", {
  preset: "interior",
  item_count: 2,
  concepts: { Wall: { action: "recolor", value: "sagee" } },
});
console.log(check.credits, check.admitted);
for (const { message } of check.warnings) console.log(message);

//: cancel
const spare = await call("POST", "/jobs", { preset: "interior", item_count: 3 });
const canceled = await call("POST", `/jobs/${spare.job_id}/cancel`);
console.log(canceled.refunded, canceled.credits); // 3 come back

//: conditional
const headers = { Authorization: `Bearer ${token}` };
const seen = await fetch(API + jobPath, { headers });
const later = await fetch(API + jobPath, {
  headers: { ...headers, "If-None-Match": seen.headers.get("ETag") },
});
console.log(later.status); // 304: what was seen still holds

//: repeat
const create = () =>
  call("POST", "/jobs", { preset: "interior", item_count: 1 }, { "Idempotency-Key": "album-7" });
const first = await create();
const again = await create(); // the answer got lost? send it again
if (first.job_id === again.job_id) console.log("one job, paid once");

//: refused
const response = await fetch(API + "/jobs", {
  method: "POST",
  headers,
  body: JSON.stringify({ preset: "interior", item_count: 200 }),
});
const { error } = await response.json();
if (error.code === "CREDITS_EXHAUSTED") {
  console.log(error.message);
} else if (["RATE_LIMITED", "UNAVAILABLE"].includes(error.code)) {
  const seconds = Number(response.headers.get("Retry-After")); // wait, then send it again
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
