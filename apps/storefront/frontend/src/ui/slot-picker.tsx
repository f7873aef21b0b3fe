/** Days and times at which a visit could start, in salon time. Two weeks at a time. */
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSlots, type Slot } from "../api/queries";
import { LAST_WINDOW, byDay, byPart, windowDays, windowOf } from "../lib/slots";
import { dayParts, dayText, hijriText, localDay, timeText } from "../lib/time";
import { Failed, Loading } from "./states";
import "../styles/times.css";
import { serverNow } from "../lib/clock";

interface Asked {
  slug: string;
  zone: string;
  service: string;
  /** Anyone, when none is named. */
  staff?: string | undefined;
  /** The local day to open with, `2026-03-01`; without it the first that has slots. */
  day?: string | undefined;
  onPick: (slot: Slot) => void;
}

export function SlotPicker({ slug, zone, service, staff, day, onPick }: Asked) {
  const { t } = useTranslation();
  const today = localDay(new Date(serverNow()), zone);
  const [window, setWindow] = useState(() => (day ? windowOf(today, day) : 0));
  const [chosen, setChosen] = useState(day);
  const strip = useRef<HTMLDivElement>(null);
  const days = windowDays(today, window);
  const found = useSlots({ slug, service, staff, from: days[0] ?? today, to: days.at(-1) ?? today });
  const slots = useMemo(() => byDay(found.data?.slots ?? []), [found.data]);
  const shown = chosen && slots.has(chosen) ? chosen : slots.keys().next().value;

  function lookFurther() {
    setWindow(window + 1);
    // The button goes away with the empty weeks.
    strip.current?.focus();
  }

  return (
    <div className="picker">
      <Weeks days={days} window={window} onMove={setWindow} />
      <div className="days" role="group" aria-label={t("slots.days")} aria-busy={found.isPending} ref={strip} tabIndex={-1}>
        {days.map((one) => (
          <Day key={one} day={one} today={today} free={slots.has(one)} chosen={one === shown} onChoose={setChosen} />
        ))}
      </div>
      {found.isPending && <Loading />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && !shown && <NoTimes {...(window < LAST_WINDOW ? { further: lookFurther } : {})} />}
      {shown && <Times key={shown} slots={slots.get(shown) ?? []} zone={zone} onPick={onPick} />}
    </div>
  );
}

function Weeks({ days, window, onMove }: { days: string[]; window: number; onMove: (window: number) => void }) {
  const { t } = useTranslation();
  const [first, last] = [dayParts(days[0] ?? ""), dayParts(days.at(-1) ?? "")];
  return (
    <div className="weeks">
      <button type="button" className="button quiet" disabled={window === 0} onClick={() => onMove(window - 1)}>
        <span aria-hidden="true">‹</span>
        <span className="visually-hidden">{t("slots.earlier")}</span>
      </button>
      <p>
        <bdi>{t("from_to", { from: `${first.date} ${first.month}`, to: `${last.date} ${last.month}` })}</bdi>
        <bdi className="soft">{t("from_to", { from: first.hijri, to: last.hijri })}</bdi>
      </p>
      <button type="button" className="button quiet" disabled={window === LAST_WINDOW} onClick={() => onMove(window + 1)}>
        <span aria-hidden="true">›</span>
        <span className="visually-hidden">{t("slots.later")}</span>
      </button>
    </div>
  );
}

interface DayProps {
  day: string;
  today: string;
  free: boolean;
  chosen: boolean;
  onChoose: (day: string) => void;
}

function Day({ day, today, free, chosen, onChoose }: DayProps) {
  const { weekday, date, month } = dayParts(day);
  return (
    <button
      type="button"
      className="day"
      disabled={!free}
      aria-pressed={chosen}
      aria-current={day === today ? "date" : undefined}
      onClick={() => onChoose(day)}
    >
      <span>{weekday}</span> <strong>{date}</strong> <span>{month}</span>
    </button>
  );
}

function Times({ slots, zone, onPick }: { slots: Slot[]; zone: string; onPick: (slot: Slot) => void }) {
  const { t } = useTranslation();
  const [picked, setPicked] = useState<string>();
  const first = slots[0]?.starts_at ?? "";

  function pick(slot: Slot) {
    setPicked(slot.starts_at);
    onPick(slot);
  }

  return (
    <section className="times">
      <h2>
        <bdi>{dayText(first, zone)}</bdi> <bdi className="soft hijri">{hijriText(first, zone)}</bdi>
      </h2>
      <p className="soft" role="status">
        {t("slots.count", { count: slots.length })} · {t("slots.zone")}
      </p>
      {[...byPart(slots)].map(([part, its]) => (
        <div key={part} role="group" aria-labelledby={`part-${part}`}>
          <h3 id={`part-${part}`}>{t(`slots.${part}`)}</h3>
          <div className="hours">
            {its.map((slot) => (
              <button
                key={slot.starts_at}
                type="button"
                className="hour"
                aria-pressed={slot.starts_at === picked}
                onClick={() => pick(slot)}
              >
                <time dateTime={slot.starts_at}>
                  <bdi>{timeText(slot.starts_at, zone)}</bdi>
                </time>
              </button>
            ))}
          </div>
        </div>
      ))}
    </section>
  );
}

function NoTimes({ further }: { further?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="empty" role="status">
      <p>{t("slots.none")}</p>
      {further && (
        <button type="button" className="button" onClick={further}>
          {t("slots.further")}
        </button>
      )}
    </div>
  );
}
