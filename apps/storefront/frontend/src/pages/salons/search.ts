/** What is looked for stands in the address, so that it can be sent on and survives the way back. */
import type { Audience, City, SalonSearch } from "../../api/queries";

export const CITIES: City[] = ["riyadh", "jeddah", "makkah", "madinah", "dammam", "khobar"];
export const AUDIENCES: Audience[] = ["women", "men", "family"];

/** Addresses are typed by people: what is no city and no audience is left out. */
export function askedIn(query: URLSearchParams): SalonSearch {
  const search = query.get("search");
  const city = CITIES.find((one) => one === query.get("city"));
  const audience = AUDIENCES.find((one) => one === query.get("audience"));
  return { ...(search && { search }), ...(city && { city }), ...(audience && { audience }) };
}

/** The address of a search with one wish changed. Nothing takes the wish away. */
export function asking(query: URLSearchParams, wish: keyof SalonSearch, value: string): URLSearchParams {
  const next = new URLSearchParams(query);
  if (value) next.set(wish, value);
  else next.delete(wish);
  return next;
}
