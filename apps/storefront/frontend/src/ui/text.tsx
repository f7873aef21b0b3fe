/** Small pieces of text that must not mix with the direction of what surrounds them. */
import { useTranslation } from "react-i18next";
import { moneyText } from "../lib/money";
import { dayText, hijriText, timeText } from "../lib/time";

export const Money = ({ amount }: { amount: string }) => <bdi className="money">{moneyText(amount)}</bdi>;

export const Phone = ({ number }: { number: string }) => (
  <a href={`tel:${number}`} className="phone">
    <bdi dir="ltr">{number}</bdi>
  </a>
);

/** Day in both calendars and the hour, in the salon's zone. */
export function When({ starts, ends, zone }: { starts: string; ends?: string; zone: string }) {
  const { t } = useTranslation();
  return (
    <span className="when">
      <time dateTime={starts}>
        <bdi>{dayText(starts, zone)}</bdi>
      </time>{" "}
      <bdi className="hijri">{hijriText(starts, zone)}</bdi>{" "}
      <bdi>
        {ends ? t("from_to", { from: timeText(starts, zone), to: timeText(ends, zone) }) : timeText(starts, zone)}
      </bdi>
    </span>
  );
}

export function Stars({ rating, count }: { rating: string | number | null; count?: number }) {
  const { t } = useTranslation();
  if (rating === null) return <span className="stars none">{t("reviews.none")}</span>;
  const value = Number(rating).toFixed(1);
  return (
    <span className="stars">
      <span aria-hidden="true">★ </span>
      <span className="visually-hidden">{t("reviews.rating", { rating: value })}</span>
      <bdi aria-hidden="true">{value}</bdi>
      {count !== undefined && <span className="count"> ({t("reviews.count", { count })})</span>}
    </span>
  );
}
