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
