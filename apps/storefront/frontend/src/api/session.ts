/** Who is signed in. The access token lives in memory only; the refresh token is a cookie that no script reads. */
import { useSyncExternalStore } from "react";
import type { components } from "./schema";

type Person = components["schemas"]["Profile"];
type State = "unknown" | "unreached" | "out" | "in";

// Names the sign-in whose cookie the browser has. Without it, every visit of somebody who never signed in would ask for
// a token and be refused; with another one, somebody else signed in in another tab.
const KNOWN = "storefront.known";
const AUTH = "/api/v1/auth/";

let access = "";
let known = localStorage.getItem(KNOWN);
let state: State = known ? "unknown" : "out";
let renewing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();

/** Whether an earlier visit was signed in, and the cookie is still to be tried. */
export const resuming = (): boolean => state === "unknown";

export const isOut = (): boolean => state === "out";

export const accessToken = (): string => access;

export function signedIn(tokens: { access: string; user?: Person }): void {
  known = crypto.randomUUID();
  localStorage.setItem(KNOWN, known);
  enter(tokens.access);
}

/** Exchange the cookie for a new access token. False: the person is signed out. */
export function renew(): Promise<boolean> {
  renewing ??= exchange().finally(() => {
    renewing = null;
  });
  return renewing;
}

/** Try the cookie of an earlier visit. A server that is busy or out of reach signs nobody out. */
export async function resume(): Promise<void> {
  become("unknown");
  await renew().catch(() => false);
  if (resuming()) become("unreached");
}

async function exchange(): Promise<boolean> {
  return inTurn(async () => {
    const answer = await post("token/refresh/");
    if (answer.status === 401) forget();
    if (!answer.ok) return false;
    if (localStorage.getItem(KNOWN) !== known) return startOver();
    enter(((await answer.json()) as { access: string }).access);
    return true;
  });
}

/** Throws unless the API says that the sign-in is over: until then the cookie would open the account again. */
export async function signOut(): Promise<void> {
  await inTurn(async () => {
    const { ok, status } = await post("logout/");
    // 401: it was over before.
    if (!ok && status !== 401) throw new Error(`Signing out was answered with ${status}.`);
    forget();
  });
}

/** Two tabs must not use one cookie twice: the API takes the second time for a thief. */
async function inTurn<T>(use: () => Promise<T>): Promise<T> {
  return navigator.locks.request("storefront.refresh", use);
}

function enter(token: string): void {
  access = token;
  become("in");
}

/** What this page shows and is about to send belongs to somebody who signed out in another tab. */
function startOver(): false {
  access = "";
  window.location.reload();
  return false;
}

function forget(): void {
  access = "";
  known = null;
  localStorage.removeItem(KNOWN);
  become("out");
}

function post(place: string): Promise<Response> {
  return fetch(AUTH + place, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ client: "web" }),
  });
}

function become(next: State): void {
  state = next;
  for (const listener of listeners) listener();
}

/** Whether somebody is signed in; "unknown" until the cookie of an earlier visit was tried, "unreached" without answer. */
export function useSession(): State {
  return useSyncExternalStore(subscribe, () => state);
}

/** Hear of every sign-in and sign-out. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
