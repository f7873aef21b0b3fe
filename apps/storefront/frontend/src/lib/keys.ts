/** Idempotency keys: the same wish has the same key until it is fulfilled, whatever the back button does meanwhile. */

const PLACE = "storefront.key.";

/** The key of a wish, for example of one choice of service, person and time. */
export function keyOf(wish: string): string {
  const place = PLACE + wish;
  const kept = sessionStorage.getItem(place);
  if (kept) return kept;
  const made = crypto.randomUUID();
  sessionStorage.setItem(place, made);
  return made;
}

/** The wish was fulfilled, or refused for good: the next one like it is another one. */
export const spend = (wish: string): void => sessionStorage.removeItem(PLACE + wish);
