/** What is known of the account: read when it may have changed. */

import { call } from "./api.js";
import { account, isKnown } from "./session.js";

/** Nothing for somebody who is not signed in yet: looking at the page makes no account. */
export async function readAccount() {
  if (!isKnown()) return;
  const { data } = await call("GET", "/me");
  account.set(data);
}

/** The same where it matters little whether it works. */
export function refreshAccount() {
  readAccount().catch(() => {});
}
