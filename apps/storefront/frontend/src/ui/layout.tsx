import { useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { api } from "../api/client";
import { queryClient } from "../api/queries";
import { useSession } from "../api/session";
import { LANGUAGES, speak, type Language } from "../i18n";
import { useOnline } from "./online";
import { Notice } from "./states";

export function Layout({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [place] = useLocation();
  const online = useOnline();
  const main = useTop(place);

  return (
    <>
      <a className="skip" href="#main">
        {t("skip")}
      </a>
      <header className="top">
        <div className="bar">
          <Link href="/" className="brand">
            {t("brand")}
          </Link>
          <nav aria-label={t("nav.label")}>
            <Link href="/bookings/">{t("nav.bookings")}</Link>
            <Link href="/profile/">{t("nav.profile")}</Link>
            <LanguageSwitch />
          </nav>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {!online && <Notice kind="problem">{t("problem.offline")}</Notice>}
        {children}
      </main>
    </>
  );
}

/** Every page begins at its top, for the eyes and for the keyboard, whose link has left with the page before. */
function useTop(place: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(place);
  useEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    window.scrollTo(0, 0);
    if (document.activeElement === document.body) main.current?.focus();
  }, [place]);
  return main;
}

function LanguageSwitch() {
  const { i18n } = useTranslation();
  const session = useSession();
  const others = (Object.keys(LANGUAGES) as Language[]).filter((language) => language !== i18n.language);

  function change(language: Language) {
    void speak(language);
    if (session === "in") void follow(language);
  }

  return others.map((other) => (
    <button key={other} type="button" className="language" lang={other} onClick={() => change(other)}>
      {LANGUAGES[other].name}
    </button>
  ));
}

/** Messages come in the language of the page too. Whether that worked is no matter of this page. */
async function follow(language: Language): Promise<void> {
  await api.PATCH("/api/v1/me/", { body: { locale: language } }).catch(() => undefined);
  await queryClient.invalidateQueries({ queryKey: ["me"] });
}
