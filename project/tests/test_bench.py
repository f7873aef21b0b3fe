"""The benchmark in miniature, on the database of the tests: a real run of each suite, far too short for its figures."""

import json
import re
import shutil
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from project.bench import admin_lists, api, auth, book, imports, load, over_http, page, race, slots, webhook
from project.bench.book import bound_against
from project.bench.crew import crew
from project.bench.database import MAINTENANCE, _digest, engine, scratch_database, seeded_database, server, using
from project.bench.partners.raw import Raw
from project.bench.peer import measure_peer
from project.bench.report import Report, at_least, at_most, exactly, median_ratio
from project.bench.scale import (
    AdminScale,
    ApiScale,
    AuthScale,
    BookScale,
    HttpScale,
    ImportScale,
    RaceScale,
    SlotsScale,
    WebhookScale,
)
from project.bench.suites import SUITES
from project.bench.world import load_world, make_world

TINY_RACE = RaceScale(
    rounds=1,
    attempts=1,
    slots={"these four at once": 2, "use case": 2},
    door_seconds=5,
    last_door_seconds=5,
    control_slots=60,
    waiting_turns=2,
    waiting_seconds=5,
    lone_turns=5,
    racing_threads=2,
    staff=8,
    customers=64,
)
TINY_BOOK = BookScale(rounds=1, seconds=0.1, threads=1, staff=8, customers=64)
TINY_HTTP = HttpScale(rounds=1, seconds=1, threads=1, staff=8, customers=32)
TINY_API = ApiScale(rounds=1, seconds=1, services=20, staff=2, customers=2)
TINY_AUTH = AuthScale(rounds=1, calls=3)
TINY_ADMIN = AdminScale(rounds=1, calls=1, bookings=200, customers=20, small_days=2, staff=3)
TINY_IMPORT = ImportScale(rounds=1, rows=200, partner_rows=20, most_rows=100)
TINY_WEBHOOK = WebhookScale(rounds=1, calls=20)
needs_tables = pytest.mark.django_db
moves_the_connection = pytest.mark.django_db(transaction=True)
TINY_SLOTS = SlotsScale(rounds=1, calls=1, past_days=3, other_staff=2, staff=3, days=12, customers=4, with_peer=False)


@pytest.fixture(scope="module")
def tables(django_db_setup, django_db_blocker):
    """The name of a database with all tables, to be copied: migrating would take longer than everything else."""
    with django_db_blocker.unblock():
        yield connection.settings_dict["NAME"]


@pytest.fixture(scope="module")
def race_report(tables):
    with scratch_database(tables):
        report = Report("race", engine(), floors=False)
        race.run(report, TINY_RACE)
    return report


@pytest.fixture(scope="module")
def slots_report(tables):
    with scratch_database(tables):
        report = Report("slots", engine(), floors=False)
        slots.run(report, TINY_SLOTS)
    return report


def named(rows):
    """What rows are called, whatever their sizes. The peer is left out: it is not installed for tests."""
    return {re.sub(r"[\d.,]+", "#", row.what) for row in rows if row.goal != "G8"}


def unlike_the_page(report):
    """Rows that only one has, the report or the page; the page is of a run on PostgreSQL, which has a row more."""
    found = named(report.rows)
    [shown] = [named(figures.rows) for figures in page.read() if figures.suite == report.suite]
    return found ^ shown if connection.vendor == "postgresql" else found - shown


def figures(report, goal):
    return {row.what: row.figure for row in report.rows if row.goal == goal}


def exists(name):
    if connection.vendor == "sqlite":
        return Path(name).parent.exists()
    access = {**connection.get_connection_params(), "dbname": MAINTENANCE}
    known = {key: access[key] for key in ("dbname", "host", "port", "user", "password") if key in access}
    with psycopg.connect(**known) as maintenance:
        return maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


@needs_tables
def test_racers_sell_every_slot_once_through_every_door(race_report):
    assert race_report.absolutes["faults"] == []
    assert [row.what for row in race_report.broken] == []
    doors = [what.split(":")[0] for what in figures(race_report, "G1") if "slots without exactly one winner" in what]
    assert doors == [*TINY_RACE.slots, "guarded insert"]
    assert unlike_the_page(race_report) == set()


@needs_tables
def test_the_red_control_sells_slots_twice(race_report):
    [doubles] = [figure for what, figure in figures(race_report, "G1").items() if what.startswith("red control")]

    assert doubles >= 1


@needs_tables
def test_a_race_is_compared_with_as_many_callers_at_slots_of_their_own(race_report):
    assert figures(race_report, "G2")["use case, 4 racers: p99 at one slot / p99 at a slot for each"] > 0


@moves_the_connection
def test_every_booking_that_is_measured_is_there_with_its_history_message_and_answer(tables):
    with scratch_database(tables):
        report = Report("book", engine(), floors=False)
        book.run(report, TINY_BOOK)

    assert report.absolutes["faults of writers"] == []
    assert report.broken == []
    assert unlike_the_page(report) == set()
    found = figures(report, "G3") | figures(report, "G5") | figures(report, "G6")
    assert found["attempts of these that did not end in a booking"] == 0
    assert found["history, messages and kept answers that lack"] == 0
    ratios = [figure for what, figure in found.items() if " / " in what]
    assert len(ratios) == 8
    assert min(ratios) > 0


@needs_tables
def test_free_times_are_those_that_both_partners_find(slots_report):
    assert [row.what for row in slots_report.broken] == []
    compared = {what: figure for what, figure in figures(slots_report, "G7").items() if "only one of us" in what}
    assert list(compared.values()) == [0, 0]
    assert slots_report.absolutes["slots found"] > 0
    assert unlike_the_page(slots_report) == set()


@moves_the_connection
def test_a_booking_over_http_is_kept_whoever_calls(tables, monkeypatch):
    monkeypatch.setattr(load.shutil, "which", lambda program: None)  # our own callers, which there are everywhere
    with scratch_database(tables):
        report = Report("http", engine(), floors=False)
        over_http.run(report, TINY_HTTP)

    found = figures(report, "G4")
    assert report.broken == []
    assert unlike_the_page(report) == set()
    assert found["booking over HTTP / raw INSERT"] > 0
    assert found["booking over HTTP / plain REST framework"] > 0


@moves_the_connection
def test_the_catalogue_is_the_plain_one_and_is_measured_beside_it(tables):
    with scratch_database(tables):
        report = Report("api", engine(), floors=False)
        api.run(report, TINY_API)

    found = figures(report, "G12")
    assert report.broken == []
    assert unlike_the_page(report) == set()
    assert found["catalogue, uncached / plain REST framework"] > 0
    assert found["slots, 2 staff × 7 days / bare view"] > 0


@moves_the_connection
def test_a_token_is_checked_without_a_query_and_faster_than_the_naive_way(tables):
    with scratch_database(tables):
        report = Report("auth", engine(), floors=False)
        auth.run(report, TINY_AUTH)

    found = figures(report, "G13")
    assert found["queries of a token check"] == 0
    assert found["naive token check / ours"] > 1
    assert found["code as a password / ours"] > 1000
    assert report.broken == []
    assert unlike_the_page(report) == set()


@moves_the_connection
def test_every_event_told_to_a_started_server_is_acknowledged_and_kept(tables):
    with scratch_database(tables):
        report = Report("webhook", engine(), floors=False)
        webhook.run(report, TINY_WEBHOOK)

    found = figures(report, "G14")
    assert report.broken == []
    assert unlike_the_page(report) == set()
    assert found["acknowledgement of 20 events at 50 a second, p99"] > 0
    assert found["webhook / bare view, p50"] > 0
    assert [len(values) for values in report.absolutes["milliseconds"]["bare view"]] == [20]


@moves_the_connection
def test_a_page_of_the_back_office_costs_as_many_queries_among_many_rows_as_among_few(tables):
    with scratch_database(tables):
        report = Report("admin", engine(), floors=False)
        admin_lists.run(report, TINY_ADMIN)

    found = figures(report, "G9")
    assert report.broken == []
    assert unlike_the_page(report) == set()
    assert found["owner: bookings: 231 bookings and 693 versions / 42"] > 0
    assert found["plain admin: bookings / owner: bookings, large"] > 0
    assert report.absolutes["owner: all changes"]["queries"]["large"] <= 12


@moves_the_connection
def test_an_import_leaves_a_version_of_every_row_and_beats_import_export_row_by_row(tables):
    with scratch_database(tables):
        report = Report("import", engine(), floors=False)
        imports.run(report, TINY_IMPORT)

    found = figures(report, "G10")
    assert report.broken == []
    assert unlike_the_page(report) == set()
    assert found["versions missing after 100 customers"] == 0
    assert found["import-export with history / ours, 200 rows"] > 1


@needs_tables
def test_a_floor_that_cannot_be_met_ends_the_command_with_an_error(race_report, monkeypatch, tmp_path, capsys):
    report = Report("race", race_report.engine, floors=True, rows=list(race_report.rows))
    report.figure("G3", "use case / raw INSERT, dreamt", race_report.rows[-1].figure, at_least(10**9))
    monkeypatch.setattr("project.management.commands.bench.run", lambda *args, **kwargs: report)
    file = tmp_path / "bench.json"

    with pytest.raises(CommandError, match=r"^1 of the rows above do not hold\.$"):
        call_command("bench", "--suite", "race", "--json", str(file))

    dreamt = next(line for line in capsys.readouterr().out.splitlines() if "dreamt" in line)
    assert dreamt.endswith("≥ 1,000,000,000  NO")
    [written] = json.loads(file.read_text(encoding="utf-8"))
    assert [row["what"] for row in written["rows"] if not row["holds"]] == ["use case / raw INSERT, dreamt"]


@moves_the_connection
def test_the_scratch_database_is_gone_afterwards_also_after_a_failure(tables):
    names = []

    def fail_inside():
        with scratch_database(tables) as name:
            names.append(name)
            assert connection.settings_dict["NAME"] == name
            assert exists(name)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()

    assert not exists(names[0])
    assert connection.settings_dict["NAME"] == tables


@moves_the_connection
def test_what_was_seeded_is_kept_where_copying_is_cheaper_and_seeded_once(tables):
    seeded = []

    def seed():
        make_world(staff=2, customers=1)
        seeded.append(connection.settings_dict["NAME"])

    kept = f"bench_template_test_{_digest(tables_only=False)}"
    try:
        worlds = []
        for _run in range(2):
            with seeded_database(seed, keep_as="test", base=tables) as name, using(name):
                worlds.append(load_world())
        is_kept = connection.vendor == "postgresql"
        assert server().has(kept) is is_kept
        assert len(seeded) == (1 if is_kept else 2)
        assert [len(world.staff) for world in worlds] == [2, 2]
        assert (worlds[0].made_at == worlds[1].made_at) is is_kept
    finally:
        if server().has(kept):
            server().drop(kept)


@moves_the_connection
def test_a_peer_that_cannot_be_installed_breaks_the_report(tables, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    report = Report("slots", "any", floors=False)

    with scratch_database(tables):
        measure_peer(report, make_world(staff=1, customers=1), TINY_SLOTS)

    assert [row.cells()[2:] for row in report.broken] == [("not measured", "≥ 100", "NO")]
    assert "uv is not on the path" in report.broken[0].what


@moves_the_connection
def test_where_pgbench_is_missing_a_loop_takes_its_place_and_its_floor_is_higher(tables):
    with scratch_database(tables):
        world = make_world(staff=8, customers=4)
        with crew(1, 2) as writers:
            raw = Raw(world, writers, pgbench=None)
            assert raw.per_second(0.05) > 0

    share = 1 if connection.vendor == "sqlite" else 0.58
    assert bound_against(raw, at_least(0.29)).least == pytest.approx(0.29 / share)


def test_the_page_and_its_chart_are_made_of_the_kept_figures():
    found = page.read()

    assert [figures.suite for figures in found] == list(SUITES)
    assert not any(figures.is_quick for figures in found)
    assert page.PAGE.read_text(encoding="utf-8") == page.with_table(page.PAGE.read_text(encoding="utf-8"), found)
    assert page.CHART.read_text(encoding="utf-8") == page.chart(found)


def test_a_run_takes_the_place_of_earlier_figures_of_its_suite_and_of_no_other(tmp_path, monkeypatch):
    for name, content in (
        ("FIGURES", "[]"),
        ("PAGE", "Before\n<!-- figures -->\n<!-- end of figures -->\nAfter\n"),
        ("CHART", ""),
    ):
        monkeypatch.setattr(page, name, tmp_path / name)
        (tmp_path / name).write_text(content, encoding="utf-8")
    order = ["http", "auth"]
    for suite, figure in (("auth", 60.0), ("http", 0.04), ("auth", 25.0)):
        report = Report(suite, "PostgreSQL 15", floors=True)
        report.figure("G13", "token check, CPU", figure, at_most(50), " µs")
        page.write(report, is_quick=suite == "http", order=order)

    assert [(found.suite, found.rows[0].figure) for found in page.read()] == [("http", 0.04), ("auth", 25.0)]
    text = (tmp_path / "PAGE").read_text(encoding="utf-8")
    assert (text[:7], text[-6:]) == ("Before\n", "After\n")
    assert "Runs of http (quick), auth, on PostgreSQL 15." in text
    assert [line for line in text.splitlines() if line.startswith("| auth")] == [
        "| auth | G13 | token check, CPU | 25 µs | ≤ 50 | yes |"
    ]


@pytest.mark.parametrize(
    ("figure", "side", "words"),
    [(25, "kept", "25 ≤ 50"), (100, "missed", "✗ 100 ≤ 50"), (None, "missed", "✗ not measured ≤ 50")],
)
def test_a_bar_of_the_chart_says_on_which_side_of_its_goal_a_figure_is(figure, side, words):
    report = Report("auth", "any", floors=True)
    report.figure("G13", "token check", figure, at_most(50))

    drawn = page.chart([page.Figures("auth", "any", is_quick=False, rows=report.rows)])

    [bar] = re.findall(r'<rect class="(kept|missed)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn)
    assert bar[0] == side
    middle = page.WIDTH / 2
    begin, end = float(bar[1]), float(bar[1]) + float(bar[2])
    assert (begin if side == "kept" else end) == pytest.approx(middle, abs=0.1)
    assert f">{words}</text>" in drawn


@pytest.mark.parametrize(
    ("bound", "figure", "holds"),
    [
        (at_least(0.15), 0.15, True),
        (at_least(0.15), 0.149, False),
        (at_most(5), 5, True),
        (at_most(5), 5.1, False),
        (exactly(0), 0, True),
        (exactly(0), 1, False),
    ],
)
def test_a_row_holds_as_long_as_its_figure_keeps_the_bound(bound, figure, holds):
    report = Report("any", "any", floors=True)

    report.figure("G1", "what", figure, bound)

    assert [row.holds for row in report.rows] == [holds]


def test_without_floors_only_invariants_are_judged():
    report = Report("any", "any", floors=False)

    report.figure("G3", "ratio", 0.01, at_least(0.15))
    report.invariant("G1", "doubles", 1, exactly(0))

    assert [row.what for row in report.broken] == ["doubles"]


def test_a_ratio_is_the_median_of_the_rounds():
    assert median_ratio([10, 100, 30], [10, 10, 10]) == 3
