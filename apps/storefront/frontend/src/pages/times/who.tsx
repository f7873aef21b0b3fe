import { useTranslation } from "react-i18next";
import type { Staff } from "../../api/queries";
import { Face } from "../../ui/face";
import { Money, Stars } from "../../ui/text";
import type { Offer } from "./offers";

interface Asked {
  people: { person: Staff; offer: Offer }[];
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
}

/** Who does it: anyone, or one person at their own price and pace. */
export function Who({ people, chosen, onChoose }: Asked) {
  const { t } = useTranslation();
  return (
    <fieldset className="who">
      <legend>{t("times.who")}</legend>
      <label className="card">
        <input
          type="radio"
          name="staff"
          className="visually-hidden"
          checked={!chosen}
          onChange={() => onChoose(undefined)}
        />
        <span>
          <strong>{t("times.anyone")}</strong>
          <span className="soft">{t("times.anyone_why")}</span>
        </span>
      </label>
      {people.map(({ person, offer }) => (
        <label key={person.id} className="card">
          <input
            type="radio"
            name="staff"
            className="visually-hidden"
            checked={chosen === person.id}
            onChange={() => onChoose(person.id)}
          />
          <Face name={person.name} picture={person.photo} />
          <span>
            <strong>{person.name}</strong>
            {person.review_count ? <Stars rating={person.rating ?? null} /> : null}
            <span className="soft">
              {t("minutes", { count: offer.duration_minutes })}
              <br />
              <Money amount={offer.price} />
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
