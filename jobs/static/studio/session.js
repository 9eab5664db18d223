/**
 * Who this browser is. There is no password and no mail: a secret that is made here and kept here
 * signs in, and whoever has it has the account.
 */

import { once } from "./api.js";
import { Cell } from "./cell.js";
import { read, write } from "./kept.js";

const DEVICE = "s3.device";
const SESSION = "s3.session";
const SECRET_BYTES = 32;
const RENEW_BEFORE_MS = 3 * 86_400_000;
const INVITE_NEEDED = "SIGNUP_REFUSED";

/** What `GET /me` said last; null before somebody is signed in. */
export const account = new Cell(null);
/** What new users have to show: null, "invite" or "proof". */
export const asked = new Cell(null);
/** False where this browser forgets the secret with the page. */
export const isKept = new Cell(true);

let entering = null;

export function isKnown() {
  return read(DEVICE) !== null;
}

export function secret() {
  return read(DEVICE);
}

/** The token of this browser; signs in where there is none. Throws what signing in is refused with. */
export async function freshToken() {
  const session = read(SESSION);
  if (!session) return enter();
  const ends = endOf(session.token);
  if (ends - Date.now() > RENEW_BEFORE_MS) return session.token;
  if (ends > Date.now()) {
    // It is good for days: what is at hand need not wait for the next one.
    renewedToken(session.token).catch(() => {});
    return session.token;
  }
  return renewedToken(session.token);
}

/** Another token than the one that was refused; the one that another tab has fetched meanwhile. */
export function renewedToken(refused) {
  return alone(async () => {
    const session = read(SESSION);
    if (session && session.token !== refused) return session.token;
    if (session?.refresh) {
      try {
        const { data } = await once("POST", "/auth/refresh", { body: { refresh: session.refresh } });
        write(SESSION, { ...session, token: data.token, refresh: data.refresh });
        return data.token;
      } catch (error) {
        if (error.code !== "TOKEN_INVALID") throw error;
      }
    }
    write(SESSION, null);
    return signIn();
  });
}

/** Signs in once, however many ask for it. */
function enter(invite) {
  entering ??= alone(async () => read(SESSION)?.token ?? signIn(invite)).finally(() => {
    entering = null;
  });
  return entering;
}

export function enterWith(invite) {
  return enter(invite);
}

async function signIn(invite) {
  let device = read(DEVICE);
  if (!device) {
    device = newSecret();
    isKept.set(write(DEVICE, device));
  }
  try {
    const { data } = await once("POST", "/auth/anon", { body: { device_hash: device, ...(invite && { invite }) } });
    write(SESSION, { token: data.token, refresh: data.refresh, user: data.user_id });
    asked.set(null);
    return data.token;
  } catch (error) {
    if (error.code === INVITE_NEEDED) asked.set(error.details.needs);
    throw error;
  }
}

/** Signs in with the secret of another browser. False where it names no account. */
export async function adopt(device) {
  const { data } = await once("POST", "/auth/anon", { body: { device_hash: device } });
  if (data.is_new) {
    // Signing in makes what it does not find: that one is nobody's.
    await once("DELETE", "/me", { token: data.token });
    return false;
  }
  isKept.set(write(DEVICE, device));
  write(SESSION, { token: data.token, refresh: data.refresh, user: data.user_id });
  return true;
}

/** This browser knows nothing any more; without its secret the account is lost. */
export function forget() {
  write(SESSION, null);
  write(DEVICE, null);
  account.set(null);
}

/** One tab at a time, where the browser can say so: a refresh token is good once. */
function alone(work) {
  return navigator.locks ? navigator.locks.request(SESSION, work) : work();
}

function newSecret() {
  const random = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return btoa(String.fromCharCode(...random)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** In milliseconds; 0 for what cannot be read. */
function endOf(token) {
  try {
    const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).exp * 1000;
  } catch {
    return 0;
  }
}
