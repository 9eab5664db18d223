/** From the draft to a job. */

import { refreshAccount } from "../account.js";
import { call, intention } from "../api.js";
import { keepAs } from "../pictures/pictures.js";
import { draft, order, sendable, startOver } from "./draft.js";
import { send } from "./sending.js";

/** Keys of the calls of one set, made once: whoever presses twice has one set. */
let keys = null;

/** The id of the job, which goes on by itself from then on. Throws Refused, NoConnection. */
export async function begin() {
  keys ??= { create: intention(), confirm: intention(), execute: intention() };
  const job = draft.value.source ? await again() : await anew();
  keys = null;
  startOver();
  refreshAccount();
  return job;
}

/** Another draft is another intention. */
draft.follow(() => {
  keys = null;
});

async function anew() {
  const photos = sendable();
  const body = {
    preset: draft.value.preset,
    items: photos.map(({ name, size }) => ({ name: name.slice(0, 255), bytes: size })),
  };
  const used = keys;
  const { data } = await call("POST", "/jobs", { body, key: used.create });
  photos.forEach(({ id }, idx) => keepAs(id, data.job_id, idx));
  const plan = { files: photos.map(({ file }) => file), order: order(), keys: used };
  await send(data.job_id, plan, data.upload);
  return data.job_id;
}

async function again() {
  const { job, items } = draft.value.source;
  const body = { source_job_id: job.job_id, preset: draft.value.preset, ...(items && { items }) };
  const used = keys;
  const { data } = await call("POST", "/jobs", { body, key: used.create });
  await call("POST", `/jobs/${data.job_id}/execute`, { body: order(), key: used.execute });
  return data.job_id;
}
