import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Salon, Service } from "../../api/queries";
import { grouped } from "../../lib/group";
import { Empty } from "../../ui/states";
import { Money, Phone } from "../../ui/text";

export function Services({ salon, services }: { salon: Salon; services: Service[] }) {
  const { t } = useTranslation();
  const categories = [...grouped(services, (service) => service.category.id).values()];
  if (categories.length === 0) {
    return (
      <Empty>
        <p>{t("salon.no_services")}</p>
        {salon.phone && <Phone number={salon.phone} />}
      </Empty>
    );
  }
  return (
    <>
      {categories.length > 1 && <Contents categories={categories} />}
      {categories.map((its) => (
        <Category key={its[0]?.category.id} slug={salon.slug} services={its} />
      ))}
    </>
  );
}

function Contents({ categories }: { categories: Service[][] }) {
  const { t } = useTranslation();
  return (
    <nav className="chips" aria-label={t("salon.categories")}>
      {categories.map(([first]) => (
        <a key={first?.category.id} className="chip" href={`#${first?.category.id}`}>
          {first?.category.name}
        </a>
      ))}
    </nav>
  );
}

function Category({ slug, services }: { slug: string; services: Service[] }) {
  const category = services[0]?.category;
  return (
    <>
      <h3 id={category?.id}>{category?.name}</h3>
      <ul className="plain services">
        {services.map((service) => (
          <ServiceRow key={service.id} slug={slug} service={service} />
        ))}
      </ul>
    </>
  );
}

function ServiceRow({ slug, service }: { slug: string; service: Service }) {
  const { t } = useTranslation();
  return (
    <li>
      <Link href={`/salons/${slug}/${service.id}/`} className="service">
        <span>
          <strong>{service.name}</strong>
          {service.description && <span className="soft">{service.description}</span>}
          <span className="soft">{t("minutes", { count: service.duration_minutes })}</span>
        </span>
        <Money amount={service.price} />
        <span aria-hidden="true">›</span>
      </Link>
    </li>
  );
}
