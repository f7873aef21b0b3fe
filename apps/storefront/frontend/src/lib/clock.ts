/** The server's time. A phone may be an hour off, and would end holds early or offer what is over. */

// Answers name whole seconds and take a while: what is below it is no difference.
const SLACK = 5_000;

let ahead = 0;

/** Milliseconds since 1970, by the server's clock as far as an answer told it. */
export const serverNow = (): number => Date.now() - ahead;

/** Learn from the `Date` of an answer how far this device is ahead. */
export function compareWith(date: string | null): void {
  const difference = date ? Date.now() - Date.parse(date) : 0;
  ahead = Math.abs(difference) > SLACK ? difference : 0;
}
