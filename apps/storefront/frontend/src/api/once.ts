/** Booking and paying: sent under one key until an answer is known, so that nothing happens twice. */
import { keyOf, spend } from "../lib/keys";
import { Refusal, api, body, type Schemas } from "./client";

/** Whether the call may have had its effect although no answer tells so. */
export const mayHaveWorked = (error: unknown): boolean =>
  !(error instanceof Refusal) || error.status === 0 || error.status >= 500 || error.has("request_in_progress");

/** Turned away before the API looked at the key: that tells nothing of an earlier call under it. */
const TURNED_AWAY = [401, 429];
export const tellsOfEarlier = (error: unknown): boolean =>
  !mayHaveWorked(error) && !(error instanceof Refusal && TURNED_AWAY.includes(error.status));

const running = new Map<string, Promise<unknown>>();

/** Sends under the key of the wish. A second click while the first is on its way shares its answer. */
export function once<T>(wish: string, send: (key: string) => Promise<T>): Promise<T> {
  const twin = running.get(wish) as Promise<T> | undefined;
  if (twin) return twin;
  const call = attempt(wish, send).finally(() => running.delete(wish));
  running.set(wish, call);
  return call;
}

async function attempt<T>(wish: string, send: (key: string) => Promise<T>): Promise<T> {
  try {
    const answer = await send(keyOf(wish));
    spend(wish);
    return answer;
  } catch (error) {
    if (tellsOfEarlier(error)) spend(wish);
    throw error;
  }
}

/** The payment of what is due for a booking: under the open link, or a new one. */
export const startPayment = (id: string): Promise<Schemas["Payment"]> =>
  once(`pay ${id}`, (key) =>
    body(
      api.POST("/api/v1/bookings/{id}/payment/", {
        params: { path: { id }, header: { "Idempotency-Key": key } },
        body: {},
      }),
    ),
  );
