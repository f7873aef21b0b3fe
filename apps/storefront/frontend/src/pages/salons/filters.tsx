import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import type { SalonSearch } from "../../api/queries";
import { AUDIENCES, CITIES, asking } from "./search";

const PAUSE = 300;

export function Filters({ asked }: { asked: SalonSearch }) {
  const { t } = useTranslation();
  const [, setQuery] = useSearchParams();
  const ask = (wish: keyof SalonSearch, value: string) =>
    setQuery((query) => asking(query, wish, value), { replace: true });

  return (
    <search className="filters">
      <SearchBox asked={asked.search ?? ""} onAsk={(text) => ask("search", text)} />
      <label className="field">
        <span>{t("salons.city")}</span>
        <select value={asked.city ?? ""} onChange={(event) => ask("city", event.target.value)}>
          <option value="">{t("salons.everywhere")}</option>
          {CITIES.map((city) => (
            <option key={city} value={city}>
              {t(`city.${city}`)}
            </option>
          ))}
        </select>
      </label>
      <div className="chips" role="group" aria-label={t("salons.audience")}>
        {(["", ...AUDIENCES] as const).map((audience) => (
          <button
            key={audience}
            type="button"
            className="chip"
            aria-pressed={audience === (asked.audience ?? "")}
            onClick={() => ask("audience", audience)}
          >
            {t(`audience.${audience || "all"}`)}
          </button>
        ))}
      </div>
    </search>
  );
}

/** Asks when the typing pauses. */
function SearchBox({ asked, onAsk }: { asked: string; onAsk: (text: string) => void }) {
  const { t } = useTranslation();
  const box = useRef<HTMLInputElement>(null);
  const pause = useRef<number>(undefined);
  useEffect(() => () => clearTimeout(pause.current), []);
  useEffect(() => {
    // The address changed by another way than by typing here.
    if (box.current && box.current !== document.activeElement) box.current.value = asked;
  }, [asked]);

  function typed(text: string) {
    clearTimeout(pause.current);
    pause.current = window.setTimeout(() => onAsk(text.trim()), PAUSE);
  }

  return (
    <label className="field">
      <span>{t("salons.search")}</span>
      <input
        ref={box}
        type="search"
        enterKeyHint="search"
        autoComplete="off"
        maxLength={100}
        defaultValue={asked}
        onChange={(event) => typed(event.target.value)}
      />
    </label>
  );
}
