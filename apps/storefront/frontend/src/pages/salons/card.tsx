import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Salon } from "../../api/queries";
import { Face } from "../../ui/face";
import { Stars } from "../../ui/text";

export function SalonCard({ salon }: { salon: Salon }) {
  const { t } = useTranslation();
  return (
    <li className="card salon">
      {salon.cover && <img className="cover" src={salon.cover} alt="" width="640" height="240" loading="lazy" />}
      <Face name={salon.name} picture={salon.logo} />
      <div>
        <h2>
          <Link href={`/salons/${salon.slug}/`}>{salon.name}</Link>
        </h2>
        <p className="soft">
          {salon.city} · {t(`audience.${salon.audience}`)}
          {salon.offers_home_service && ` · ${t("salons.home")}`}
        </p>
        <Stars rating={salon.rating} {...(salon.rating && { count: salon.review_count })} />
      </div>
    </li>
  );
}
