/** Dates and times as a reader in the salon's city reads them: its zone, Latin digits, Gregorian and Hijri. */
import i18next from "i18next";
import { LANGUAGES, languageOf } from "../i18n";
import { serverNow } from "./clock";

type Parts = Intl.DateTimeFormatOptions;
type Calendar = "gregory" | "islamic-umalqura";

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes far longer than using it, and a day of free times needs one for each. */
function formatOf(locale: string, options: Parts): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, made);
  return made;
}

/** Calendar and digits are named: Arabic of Saudi Arabia would count years by the Hijri one and write Arabic digits. */
const format = (moment: Date, zone: string, parts: Parts, calendar: Calendar = "gregory"): string => {
  const { dates } = LANGUAGES[languageOf(i18next.language)];
  return formatOf(`${dates}-u-ca-${calendar}-nu-latn`, { ...parts, timeZone: zone }).format(moment);
};

/** The zone of a moment that carries its offset: `…T15:30:00+03:00` is at `Etc/GMT-3`, as zones are signed. */
export function zoneOf(moment: string): string {
  const [, sign, hours = "00", minutes = "00"] = /([+-])(\d\d):(\d\d)$/.exec(moment) ?? [];
  if (minutes !== "00") return `${sign}${hours}:${minutes}`;
  return Number(hours) === 0 ? "UTC" : `Etc/GMT${sign === "+" ? "-" : "+"}${Number(hours)}`;
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * The moment in an address whose `+` somebody forgot to escape; undefined when it is none. Without an offset it would be
 * one moment on this device and another one in the salon.
 */
export function momentOf(text: string | null): string | undefined {
  const moment = (text ?? "").replace(" ", "+");
  return MOMENT.test(moment) && !Number.isNaN(Date.parse(moment)) ? moment : undefined;
}

/** 15:30 as `3:30 PM`. */
export const timeText = (moment: string, zone: string): string =>
  format(new Date(moment), zone, { hour: "numeric", minute: "2-digit", hour12: true });

/** `Sunday 1 March 2026` */
export const dayText = (moment: string, zone: string): string =>
  format(new Date(moment), zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** `12 Ramadan 1447 AH` */
export const hijriText = (moment: string, zone: string): string =>
  format(new Date(moment), zone, { day: "numeric", month: "long", year: "numeric" }, "islamic-umalqura");

/** Sun / 1 / Mar, of a local day such as `2026-03-01`. */
export function dayParts(day: string): { weekday: string; date: string; month: string; hijri: string } {
  const noon = new Date(`${day}T12:00:00Z`);
  const one = (parts: Parts, calendar?: Calendar) => format(noon, "UTC", parts, calendar);
  return {
    weekday: one({ weekday: "short" }),
    date: one({ day: "numeric" }),
    month: one({ month: "short" }),
    hijri: one({ day: "numeric", month: "short" }, "islamic-umalqura"),
  };
}

/** The local day of a moment in a zone, `2026-03-01`. */
export const localDay = (moment: Date | string, zone: string): string =>
  formatOf("en-CA", { timeZone: zone }).format(new Date(moment));

/** `day` and so many days later, as local days. */
export function daysFrom(day: string, count: number): string[] {
  const first = Date.parse(`${day}T12:00:00Z`);
  return Array.from({ length: count }, (_, number) => new Date(first + number * 86_400_000).toISOString().slice(0, 10));
}

/** Seconds from now to a moment, at least 0. */
export const secondsUntil = (moment: string, now = serverNow()): number =>
  Math.max(0, Math.ceil((Date.parse(moment) - now) / 1000));

/** 125 seconds as `2:05`. */
export const clockText = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
