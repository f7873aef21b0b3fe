import { useTranslation } from "react-i18next";
import type { Staff } from "../../api/queries";
import { Face } from "../../ui/face";
import { Stars } from "../../ui/text";

export function Team({ people }: { people: Staff[] }) {
  const { t } = useTranslation();
  if (people.length === 0) return null;
  return (
    <section>
      <h2>{t("salon.team")}</h2>
      <ul className="plain team">
        {people.map((person) => (
          <li key={person.id}>
            <Face name={person.name} picture={person.photo} />
            <span>
              <strong>{person.name}</strong>
              {person.title && <span className="soft">{person.title}</span>}
              {person.review_count ? <Stars rating={person.rating ?? null} count={person.review_count} /> : null}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
