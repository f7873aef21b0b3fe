/** The reader's language: the server's choice for this page, later the reader's own, kept in the server's cookie. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { components } from "../api/schema";

export type Language = components["schemas"]["LocaleEnum"];
type Words = typeof import("./en").default;
type Spoken = { name: string; dir: "rtl" | "ltr"; dates: string; texts: () => Promise<{ default: Words }> };

const COOKIE = "django_language";
const A_YEAR = 365 * 24 * 3600;
// As the API knows them, each by its own name. `dates` is where dates are written as its readers expect. The page brings
// the texts it begins with along; others come when they are asked for.
export const LANGUAGES: Record<Language, Spoken> = {
  ar: { name: "العربية", dir: "rtl", dates: "ar-SA", texts: () => import("./ar") },
  en: { name: "English", dir: "ltr", dates: "en-GB", texts: () => import("./en") },
};

/** The language that `text` names; Arabic where it names none of ours. */
export const languageOf = (text: string): Language => (Object.hasOwn(LANGUAGES, text) ? (text as Language) : "ar");

export async function startLanguage(): Promise<void> {
  const language = languageOf(document.documentElement.lang);
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: (await LANGUAGES[language].texts()).default } },
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

/** Change to a language whose texts could be fetched; else nothing changes. */
export async function speak(language: Language): Promise<void> {
  i18next.addResourceBundle(language, "translation", (await LANGUAGES[language].texts()).default);
  await i18next.changeLanguage(language);
  document.cookie = `${COOKIE}=${language}; path=/; max-age=${A_YEAR}; SameSite=Lax`;
  document.documentElement.lang = language;
  document.documentElement.dir = LANGUAGES[language].dir;
}
