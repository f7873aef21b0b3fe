import type { Choice } from "../../api/queries";

/** What the address says was chosen, with the names that belong to it. */
export interface Chosen {
  choice: Choice;
  serviceName: string;
  /** Undefined: whoever is free. */
  staffName: string | undefined;
  minutes: number;
}
