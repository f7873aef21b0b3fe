import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { dayText } from "../../lib/time";
import { Stars } from "../../ui/text";

type Review = Schemas["Review"];

export function Reviews({ reviews, zone }: { reviews: Review[]; zone: string }) {
  const { t } = useTranslation();
  if (reviews.length === 0) return null;
  return (
    <section>
      <h2>{t("salon.reviews")}</h2>
      <ul className="plain reviews">
        {reviews.map((review) => (
          <li key={`${review.created_at} ${review.author}`} className="card">
            <Said review={review} zone={zone} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Said({ review, zone }: { review: Review; zone: string }) {
  const { t } = useTranslation();
  return (
    <>
      <p>
        <Stars rating={review.rating} /> <strong dir="auto">{review.author}</strong>
      </p>
      {review.comment && <p dir="auto">{review.comment}</p>}
      <p className="soft">
        {t("salon.visit", { service: review.service, staff: review.staff })} ·{" "}
        <time dateTime={review.created_at}>{dayText(review.created_at, zone)}</time>
      </p>
    </>
  );
}
