"""What the salons sell: the real price list of the first, the lists of `0002_services.json` for the others."""

from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from apps.salons.catalogue_import import Options, import_catalogue
from apps.salons.imports.runs import Agreed, recorded
from apps.salons.models import ImportRun, Service, ServiceCategory
from project.demo.archive import public_id
from project.demo.content import FIXTURES, names_of
from project.demo.shops import Shop
from project.demo.world import World


def import_price_list(world: World, shop: Shop) -> None:
    """Import the owner's own file as the manager would, then give whole categories their minutes.

    The shop's salon and team are stored already. Raises RuntimeError when the file has a problem.
    """
    entry = world.content.services[shop.salon.slug]
    file = {"content": (FIXTURES / entry["price_list"]).read_bytes(), "source": entry["price_list"]}
    about = {**file, "salon": shop.salon, "actor": shop.manager}
    options = Options(default_duration=entry["default_minutes"])
    token = uuid5(NAMESPACE_URL, f"{shop.salon.slug}/{entry['price_list']}")
    report = recorded(
        Agreed(token),
        lambda settled: import_catalogue(**about, options=options, settled=settled),
        model_label=Service._meta.label_lower,
        **about,
    )
    if report.problems:
        raise RuntimeError(f"{entry['price_list']}: {report.problems[0]}")
    ImportRun.objects.filter(token=token).update(started_at=world.opened, finished_at=world.opened)
    categories = list(ServiceCategory.objects.filter(salon=shop.salon))
    shop.services = list(Service.objects.filter(salon=shop.salon).select_related("category", "salon"))
    _move_to_the_opening(world, [*categories, *shop.services])
    for service in shop.services:
        known = entry["minutes_by_category"].get(service.category.name_en, service.duration_minutes)
        if known != service.duration_minutes:
            world.archive.change(service, at=world.opened, by=shop.manager, duration_minutes=known)
    Service.objects.bulk_update(shop.services, ["duration_minutes"])


def _move_to_the_opening(world: World, rows: list[Any]) -> None:
    """Rows of an import carry the time of today and numbers at random; in the story they are as old as the salon."""
    for row in rows:
        values = {"created_at": world.opened, "updated_at": world.opened, "public_id": public_id(row)}
        for name, value in values.items():
            setattr(row, name, value)
        type(row).objects.filter(pk=row.pk).update(**values)
        row.history.update(history_date=world.opened, **values)


def add_services(world: World, shop: Shop) -> None:
    """The price list of a salon that keeps none in a file."""
    for place, heading in enumerate(world.content.services[shop.salon.slug]["categories"], start=1):
        category = ServiceCategory(salon=shop.salon, position=place, **names_of(heading))
        world.archive.add(category, at=world.opened, by=shop.manager)
        for position, line in enumerate(heading["services"], start=1):
            service = Service(
                salon=shop.salon,
                category=category,
                code=line["code"],
                duration_minutes=line["minutes"],
                buffer_before_minutes=line.get("before", 0),
                buffer_after_minutes=line.get("after", 0),
                price_amount=Decimal(line["price"]),
                position=position,
                **names_of(line),
            )
            shop.services.append(world.archive.add(service, at=world.opened, by=shop.manager))
