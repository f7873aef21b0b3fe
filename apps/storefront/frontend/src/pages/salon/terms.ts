/** A salon's rules, each as a sentence of the texts and the number in it. */
import type { Salon } from "../../api/queries";

type Ruled = Pick<
  Salon,
  "confirmation" | "deposit_percent" | "free_cancellation_hours" | "late_cancellation_percent"
>;
export type Rule = [sentence: string, numbers?: { count?: number; percent?: number }];

export function rulesOf(salon: Ruled): Rule[] {
  const { deposit_percent: deposit, free_cancellation_hours: count, late_cancellation_percent: percent } = salon;
  const advance: Rule = deposit === 100 ? ["advance_all"] : ["advance", { percent: deposit }];
  const cancelling: Rule[] =
    count && percent ? [["cancel_free", { count }], ["cancel_late", { percent }]] : [["cancel_always"]];
  return [
    [salon.confirmation],
    ...(salon.confirmation === "payment" ? [advance] : []),
    ...cancelling,
    count ? ["move", { count }] : ["move_always"],
  ];
}
