/** The reader's language: the server's choice for this page, later the reader's own, kept in the server's cookie. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import accountAr from "./ar/account.json";
import bookingAr from "./ar/booking.json";
import commonAr from "./ar/common.json";
import confirmAr from "./ar/confirm.json";
import salonsAr from "./ar/salons.json";
import accountEn from "./en/account.json";
import bookingEn from "./en/booking.json";
import commonEn from "./en/common.json";
import confirmEn from "./en/confirm.json";
import salonsEn from "./en/salons.json";

export type Language = "ar" | "en";

const ar = { ...commonAr, ...salonsAr, ...confirmAr, ...bookingAr, ...accountAr };
const en = { ...commonEn, ...salonsEn, ...confirmEn, ...bookingEn, ...accountEn };
const COOKIE = "django_language";
const A_YEAR = 365 * 24 * 3600;

export function startLanguage(): void {
  void i18next.use(initReactI18next).init({
    lng: document.documentElement.lang === "en" ? "en" : "ar",
    resources: { ar: { translation: ar }, en: { translation: en } },
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

export function speak(language: Language): void {
  document.cookie = `${COOKIE}=${language}; path=/; max-age=${A_YEAR}; SameSite=Lax`;
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
  void i18next.changeLanguage(language);
}
