/** What a service takes and costs, by who does it. */
import type { Staff } from "../../api/queries";
import { smallest } from "../../lib/money";

export type Offer = Staff["services"][number];

export interface Terms {
  price: string;
  /** Others ask for more. */
  from: boolean;
  minutes: number;
}

export function offersOf(staff: Staff[], service: string): { person: Staff; offer: Offer }[] {
  return staff.flatMap((person) => {
    const offer = person.services.find((one) => one.id === service);
    return offer ? [{ person, offer }] : [];
  });
}

/** The terms of one person's offer, or the least that somebody of several asks for. */
export function termsOf(offers: Offer[]): Terms | undefined {
  const price = smallest(offers.map((offer) => offer.price));
  if (price === undefined) return undefined;
  return {
    price,
    from: offers.some((offer) => offer.price !== price),
    minutes: Math.min(...offers.map((offer) => offer.duration_minutes)),
  };
}
