import { useTranslation } from "react-i18next";
import type { Salon } from "../../api/queries";
import { Face } from "../../ui/face";
import { Phone, Stars } from "../../ui/text";

export function Head({ salon }: { salon: Salon }) {
  const { t } = useTranslation();
  return (
    <header className="salon-head">
      {salon.cover && <img className="cover" src={salon.cover} alt="" width="960" height="320" />}
      <Face name={salon.name} picture={salon.logo} />
      <div>
        <h1>{salon.name}</h1>
        <p>
          <Stars rating={salon.rating} {...(salon.rating && { count: salon.review_count })} />{" "}
          <span className="soft">
            · {t(`audience.${salon.audience}`)}
            {salon.offers_home_service && ` · ${t("salons.home")}`}
          </span>
        </p>
        <address>
          {salon.address && <span>{salon.address}</span>}
          {salon.phone && <Phone number={salon.phone} />}
        </address>
      </div>
    </header>
  );
}
