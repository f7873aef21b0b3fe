import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useSlots, type Choice, type Salon, type Slot } from "../../api/queries";
import { dayText, localDay, timeText } from "../../lib/time";
import { Notice } from "../../ui/states";
import type { Chosen } from "./chosen";
import { nearest, withOthers, without } from "./nearest";
import { serverNow } from "../../lib/clock";

const SHOWN = 6;
const DAY = 86_400_000;
const BEFORE = 2 * DAY;
const AFTER = 5 * DAY;

/** The time is gone: what is free around it, with the same person and with anybody. */
export function Alternatives({ salon, chosen, reason }: { salon: Salon; chosen: Chosen; reason: string }) {
  const { t } = useTranslation();
  const { staff, starts_at } = chosen.choice;
  const search = around(salon, chosen);
  const own = useSlots({ ...search, staff }).data?.slots ?? [];
  const all = useSlots(search).data?.slots ?? [];
  const times = `/salons/${salon.slug}/${chosen.choice.service}/${staff ? `?staff=${staff}` : ""}`;

  return (
    <section aria-labelledby="nearest">
      <Notice kind="problem">{reason}</Notice>
      <h2 id="nearest">{t("confirm.nearest")}</h2>
      {staff && chosen.staffName && (
        <Times
          title={t("confirm.nearest_with", { name: chosen.staffName })}
          slots={without(own, starts_at)}
          salon={salon}
          choice={chosen.choice}
        />
      )}
      <Times
        title={t("confirm.nearest_anyone")}
        slots={staff ? withOthers(all, staff) : without(all, starts_at)}
        salon={salon}
        choice={{ ...chosen.choice, staff: undefined }}
      />
      <Link href={times} className="button quiet wide">
        {t("confirm.all_times")}
      </Link>
    </section>
  );
}

function around(salon: Salon, { choice }: Chosen) {
  const wanted = Math.max(Date.parse(choice.starts_at), serverNow());
  const day = (moment: number) => localDay(new Date(moment), salon.timezone);
  const from = day(Math.max(wanted - BEFORE, serverNow()));
  return { slug: salon.slug, service: choice.service, from, to: day(wanted + AFTER) };
}

interface TimesProps {
  title: string;
  slots: Slot[];
  salon: Salon;
  choice: Choice;
}

function Times({ title, slots, salon, choice }: TimesProps) {
  const { t } = useTranslation();
  const near = nearest(slots, choice.starts_at, SHOWN);
  return (
    <>
      <h3>{title}</h3>
      {near.length === 0 && <p className="soft">{t("confirm.nearest_none")}</p>}
      <ul className="plain near">
        {near.map(({ starts_at }) => (
          <li key={starts_at}>
            <Link href={confirmPlace(salon.slug, { ...choice, starts_at })} replace className="button quiet">
              <bdi>{dayText(starts_at, salon.timezone)}</bdi>
              <bdi>{timeText(starts_at, salon.timezone)}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function confirmPlace(slug: string, { service, staff, starts_at }: Choice): string {
  const query = new URLSearchParams({ ...(staff ? { staff } : {}), at: starts_at });
  return `/salons/${slug}/${service}/confirm/?${query.toString()}`;
}
