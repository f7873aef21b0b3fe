/** The reader's language: the server's choice for this page, later the reader's own, kept in the server's cookie. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";

export type Language = "ar" | "en";

const COOKIE = "django_language";
const A_YEAR = 365 * 24 * 3600;
// The page brings the one it begins with along; the other comes when it is asked for.
const TEXTS = { ar: () => import("./ar"), en: () => import("./en") };

export async function startLanguage(): Promise<void> {
  const language: Language = document.documentElement.lang === "en" ? "en" : "ar";
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: (await TEXTS[language]()).default } },
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

/** Change to a language whose texts could be fetched; else nothing changes. */
export async function speak(language: Language): Promise<void> {
  i18next.addResourceBundle(language, "translation", (await TEXTS[language]()).default);
  await i18next.changeLanguage(language);
  document.cookie = `${COOKIE}=${language}; path=/; max-age=${A_YEAR}; SameSite=Lax`;
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}
