/** Amounts in SAR come as text with two decimals and are never counted as floats. */
import i18next from "i18next";

/** `345.50` as `345.50 SAR`, whole riyals without decimals. */
export function moneyText(amount: string): string {
  const [riyals = "0", halalas = "00"] = amount.split(".");
  const grouped = riyals.replace(/\B(?=(\d{3})+$)/g, ",");
  return i18next.t("money", { amount: halalas === "00" ? grouped : `${grouped}.${halalas}` });
}

export const isNothing = (amount: string): boolean => /^0*(\.0*)?$/.test(amount);

/** The smallest of amounts. With two decimals each, a longer one is a larger one. */
export const smallest = (amounts: string[]): string | undefined =>
  [...amounts].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];

/** What is left of an amount, at least nothing: counted in halalas, as whole numbers. */
export function lessText(amount: string, taken: string): string {
  const left = Math.max(0, halalas(amount) - halalas(taken));
  return `${Math.floor(left / 100)}.${String(left % 100).padStart(2, "0")}`;
}

function halalas(amount: string): number {
  const [riyals = "0", rest = ""] = amount.split(".");
  return Number(riyals) * 100 + Number(rest.padEnd(2, "0").slice(0, 2));
}
