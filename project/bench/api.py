"""Suite `api`: what customers read over HTTP, beside a view that does nothing (G12)."""

import json
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from django.urls import reverse

from apps.salons.models import Service, ServiceCategory, StaffService
from project.bench.goals import GOALS, NONE
from project.bench.load import load, written
from project.bench.report import Bound, Report, median_ratio
from project.bench.scale import ApiScale
from project.bench.served import BARE, ask, served, settle
from project.bench.timetable import fill, tidy
from project.bench.world import World, make_world

NOTHING, NAIVE, UNCACHED, CACHED, UNCHANGED = (
    "bare view",
    "plain REST framework",
    "catalogue, uncached",
    "catalogue, cached",
    "catalogue, 304",
)
PLAIN = "/api/plain/services/"


def run(report: Report, scale: ApiScale) -> None:
    """Measure in the present database, which is new and empty; all addresses take turns within a round."""
    world = make_world(staff=scale.staff, customers=scale.customers)
    _write_price_list(world, scale.services)
    fill(world, world.salon, first=0, last=31)
    tidy()
    size = f"?page_size={scale.services}"
    catalogue = reverse("salon-services", args=[world.salon.slug]) + size
    requests = {
        NOTHING: written("GET", BARE),
        NAIVE: written("GET", PLAIN + size),
        UNCACHED: written("GET", f"/api/uncached{catalogue}"),
        CACHED: written("GET", catalogue),
    }
    requests |= _searches(world)
    rates: dict[str, list[float]] = {}
    refused = 0
    with served() as port, load() as call:
        differing = _names(port, PLAIN + size) ^ _names(port, catalogue)
        if tag := _tag(port, catalogue):
            requests[UNCHANGED] = written("GET", catalogue, {"If-None-Match": tag})
        for _round in range(scale.rounds):
            for name, request in requests.items():
                answers = call(port, [request], scale.seconds)
                settle(port)
                refused += answers.refused
                rates.setdefault(name, []).append(answers.per_second)
    _report(report, rates, refused, len(differing))


def _write_price_list(world: World, services: int) -> None:
    """Until there are so many, in ten categories, each done by everybody."""
    categories = [ServiceCategory.objects.create(salon=world.salon, name_en=f"Part {part}") for part in range(10)]
    made = [
        Service.objects.create(
            salon=world.salon,
            category=categories[number % len(categories)],
            code=f"S{number}",
            name_ar=f"خدمة {number}",
            name_en=f"Service {number}",
            description_en="What is done, for how long and with what, in a sentence or two.",
            duration_minutes=45,
            price_amount=100 + number,
        )
        for number in range(1, services)
    ]
    StaffService.objects.bulk_create(
        StaffService(salon=world.salon, staff=person, service=service) for service in made for person in world.staff
    )


def _searches(world: World) -> dict[str, bytes]:
    """For free times of one person on a day, and of the whole salon in a week and in a month."""
    address = reverse("salon-slots", args=[world.salon.slug])
    service, one = str(world.service.public_id), {"staff": str(world.staff[0].public_id)}
    searches: dict[str, bytes] = {}
    for asked, staff, days in ((one, 1, 1), ({}, len(world.staff), 7), ({}, len(world.staff), 30)):
        last = world.first_day + timedelta(days=days - 1)
        dates = {"from": f"{world.first_day:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}"}
        query = urlencode({"service": service, **dates, **asked})
        searches[f"slots, {staff} staff × {days} days"] = written("GET", f"{address}?{query}")
    return searches


def _names(port: int, address: str) -> set[str]:
    """Of the services that the list at `address` shows."""
    return {service["name"] for service in json.loads(ask(port, address)[2])["results"]}


def _tag(port: int, address: str) -> str | None:
    """The ETag of what stands at `address`, None where it has none or does not honour it."""
    tag = ask(port, address)[1]["ETag"]
    is_honoured = tag and ask(port, address, {"If-None-Match": tag})[0] == HTTPStatus.NOT_MODIFIED
    return tag if is_honoured else None


def _report(report: Report, rates: dict[str, list[float]], refused: int, differing: int) -> None:
    def compare(name: str, partner: str, bound: Bound | None = None) -> None:
        ratio = median_ratio(rates[name], rates[partner]) if name in rates else None
        report.figure("G12", f"{name} / {partner}", ratio, bound)

    compare(UNCHANGED, NOTHING, GOALS["unchanged catalogue"])
    compare(CACHED, NOTHING, GOALS["cached catalogue"])
    compare(UNCACHED, NAIVE, GOALS["uncached catalogue"])
    for name in (UNCACHED, NAIVE, *(name for name in rates if name.startswith("slots"))):
        compare(name, NOTHING)
    report.invariant("G12", f"services only one of us and {NAIVE} lists", differing, NONE)
    report.invariant("G12", "calls that were refused", refused, NONE)
    report.absolutes["per second"] = rates
