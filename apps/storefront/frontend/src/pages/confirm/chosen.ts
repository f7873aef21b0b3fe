import type { Choice } from "../../api/queries";

/** What the address says was chosen, with the names that belong to it. */
export interface Chosen {
  choice: Choice;
  serviceName: string;
  /** Undefined: whoever is free. */
  staffName: string | undefined;
  minutes: number;
}

/** The moment in an address whose `+` somebody forgot to escape; undefined when it is none. */
export function momentOf(text: string | null): string | undefined {
  const moment = (text ?? "").replace(" ", "+");
  return Number.isNaN(Date.parse(moment)) ? undefined : moment;
}
