"""What breaks imports and exports, case by case of our list, at the lists of customers, staff, hours and time off."""

import csv
import gc
import io
from contextlib import contextmanager
from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import Workbook

from apps.accounts.models import User
from apps.accounts.roles import POLICY, SalonRole, allows
from apps.common.errors import DomainError, Forbidden
from apps.common.imports import moments
from apps.common.imports.errors import ImportOutdated
from apps.common.imports.run import Options, run_import
from apps.common.imports.sheet import MOST_BYTES
from apps.common.spreadsheets import CsvFormat, XlsxFormat
from apps.salons.imports.categories import CategoryImporter
from apps.salons.imports.customers import CustomerImporter
from apps.salons.imports.hours import HoursImporter
from apps.salons.imports.resources import (
    CategoryResource,
    CustomerResource,
    HoursResource,
    StaffResource,
    TimeOffResource,
)
from apps.salons.imports.staff import StaffImporter
from apps.salons.imports.time_off import TimeOffImporter
from apps.salons.models import Customer, ServiceCategory, Staff, TimeOff, WeeklyHours
from apps.salons.tests.factories import (
    CustomerFactory,
    MembershipFactory,
    SalonFactory,
    ScheduleExceptionFactory,
    ServiceCategoryFactory,
    StaffFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)

pytestmark = pytest.mark.django_db

SARA = "+966551234567"


@pytest.fixture
def salon():
    return SalonFactory(audience="everyone")


@pytest.fixture
def manager(salon):
    return MembershipFactory(salon=salon).user


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def take(importer, content, salon, actor, **options):
    """The report of an import of `content` (text or bytes); options as in `run_import` and `Options`."""
    chosen = Options(frozenset(options.pop("skip_rows", ())), options.pop("encoding", ""))
    data = content.encode() if isinstance(content, str) else content
    return run_import(importer(salon, chosen), data, actor=actor, source="list.csv", **options)


def counts(report):
    """`(new, changed, same)`."""
    found = report.counts()
    return found.new, found.changed, found.same


def wrong(report):
    """`[(row, column, code), …]`."""
    return [(problem.row, problem.column, problem.code) for problem in report.problems]


def xlsx_of(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@contextmanager
def refusing(code):
    with pytest.raises(DomainError) as refused:
        yield
    assert refused.value.code == code


def exported(resource_class, user, *, form):
    resource = resource_class(user=user)
    return form().export_data(resource.export(resource.get_queryset()))


# --- Files ---


def test_csv01_the_first_heading_is_known_behind_a_byte_order_mark(salon, manager):
    report = take(CustomerImporter, b"\xef\xbb\xbf" + f"Phone,Name\n{SARA},Sara\n".encode(), salon, manager)

    assert counts(report) == (1, 0, 0)


def test_csv02_arabic_without_a_mark_is_read_and_an_export_has_the_mark(salon, manager):
    take(CustomerImporter, f"الجوال,الاسم\n{SARA},سارة\n", salon, manager)

    assert User.objects.get(phone=SARA).name == "سارة"
    content = exported(CustomerResource, manager, form=CsvFormat)
    assert content.startswith(b"\xef\xbb\xbf")
    assert "سارة" in content.decode("utf-8-sig")


def test_csv03_windows_1256_is_refused_with_a_hint_and_read_when_the_operator_says_so(salon, manager):
    content = f"الجوال,الاسم\n{SARA},سارة\n".encode("windows-1256")

    with refusing("encoding_unknown"):
        take(CustomerImporter, content, salon, manager)
    take(CustomerImporter, content, salon, manager, encoding="windows-1256")

    assert User.objects.get(phone=SARA).name == "سارة"


def test_csv04_utf16_is_refused_in_words(salon, manager):
    with refusing("file_utf16"):
        take(CustomerImporter, f"Phone\n{SARA}\n".encode("utf-16"), salon, manager)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","], ids=["semicolon", "tab", "bar", "comma"])
def test_csv05_the_delimiter_is_found(salon, manager, delimiter):
    report = take(CustomerImporter, f"Phone{delimiter}Notes\n{SARA}{delimiter}tea\n", salon, manager)

    assert counts(report) == (1, 0, 0)
    assert Customer.objects.get().notes == "tea"


@pytest.mark.parametrize(
    ("headings", "code"),
    [("Phone,phone", "column_doubled"), ("Phone,Shoe size", "column_unknown"), ("Name,Notes", "column_missing")],
    ids=["doubled", "unknown", "missing"],
)
def test_csv06_headings_are_judged_before_any_row(salon, manager, headings, code):
    report = take(CustomerImporter, f"{headings}\nnonsense,nonsense\n", salon, manager)

    assert [code_ for _row, _column, code_ in wrong(report)] == [code]
    assert not Customer.objects.exists()


# --- Preview, all or nothing ---


def test_csv08_what_is_there_already_is_shown_with_old_and_new(salon, manager):
    card = CustomerFactory(salon=salon, user__phone=SARA, notes="coffee")

    report = take(CustomerImporter, f"Phone,Notes\n{SARA},tea\n", salon, manager, dry_run=True)

    assert counts(report) == (0, 1, 0)
    [change] = report.changes
    assert (change.row, change.column, change.old_text, change.new_text) == (2, "Notes", "coffee", "tea")
    card.refresh_from_db()
    assert card.notes == "coffee"


def test_csv09_one_bad_row_of_a_thousand_writes_nothing_and_can_be_left_out(salon, manager):
    rows = [f"+9665{number:08d},note {number}" for number in range(1000)]
    rows[499] = "12,bad"
    rows[700] = "phone,bad"
    content = "\n".join(["Phone,Notes", *rows])

    report = take(CustomerImporter, content, salon, manager)

    assert wrong(report) == [(501, "Phone", "phone_invalid"), (702, "Phone", "phone_invalid")]
    assert report.refused_rows == [501, 702]
    assert not Customer.objects.exists()

    report = take(CustomerImporter, content, salon, manager, skip_rows=report.refused_rows)

    assert (counts(report), report.rows_skipped) == ((998, 0, 0), 2)
    assert Customer.objects.count() == Customer.history.count() == 998


def test_a_change_since_the_preview_is_refused(salon, manager):
    content = f"Phone,Notes\n{SARA},tea\n"
    previewed = take(CustomerImporter, content, salon, manager, dry_run=True).fingerprint()
    CustomerFactory(salon=salon, user__phone=SARA, notes="coffee")

    with pytest.raises(ImportOutdated):
        take(CustomerImporter, content, salon, manager, previewed=previewed)

    assert Customer.objects.get().notes == "coffee"


def test_history_says_who_and_from_which_file(salon, manager):
    take(CustomerImporter, f"Phone,Notes\n{SARA},tea\n", salon, manager)
    take(CustomerImporter, f"Phone,Notes\n{SARA},coffee\n", salon, manager)

    told = [(row.history_type, row.history_user, row.history_change_reason) for row in Customer.history.all()]
    assert told == [("~", manager, "Imported from list.csv"), ("+", manager, "Imported from list.csv")]
    assert User.history.get(phone=SARA).history_user == manager


# --- Cells ---


@pytest.mark.parametrize(
    "typed",
    ["=1+1", "+966551234567", "-5", "@SUM(A1)", "\tx", '=HYPERLINK("http://x")'],
    ids=["sum", "plus", "minus", "at", "tab", "link"],
)
@pytest.mark.parametrize("form", [CsvFormat, XlsxFormat], ids=["csv", "xlsx"])
def test_csv10_no_formula_leaves_and_everything_comes_back(salon, manager, form, typed):
    CustomerFactory(salon=salon, user__phone=SARA, notes=typed)

    content = exported(CustomerResource, manager, form=form)
    report = take(CustomerImporter, content, salon, manager)

    assert (wrong(report), counts(report)) == ([], (0, 0, 1))
    if form is CsvFormat:
        [_headings, cells] = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        assert cells[0] == f"'{SARA}"
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_csv11_who_may_add_but_not_change_adds_only(salon, manager, monkeypatch):
    CustomerFactory(salon=salon, user__phone=SARA, notes="coffee")
    denied = ("salons.change_customer",)
    monkeypatch.setattr(
        User, "has_perm", lambda self, verb, row=None: verb not in denied and allows(SalonRole.MANAGER, verb)
    )

    report = take(CustomerImporter, f"Phone,Notes\n{SARA},tea\n+966551234568,x\n", salon, manager)

    assert wrong(report) == [(2, "", "may_not_change")]
    assert Customer.objects.get().notes == "coffee"


def test_csv12_a_file_of_another_salon_is_refused_and_rows_of_another_salon_are_not_found(salon, manager):
    theirs = SalonFactory()
    StaffFactory(salon=theirs, name_en="Nora")

    with pytest.raises(Forbidden):
        take(CustomerImporter, f"Phone\n{SARA}\n", theirs, manager)
    moved = take(CustomerImporter, f"Salon,Phone\n{theirs.slug},{SARA}\n", salon, manager)
    hours = take(HoursImporter, "Staff member,Weekday,From,Until\nNora,Monday,09:00,17:00\n", salon, manager)

    assert wrong(moved) == [(2, "Salon", "other_salon")]
    assert wrong(hours) == [(2, "Staff member", "staff_unknown")]
    assert not Customer.objects.exists()
    assert not WeeklyHours.objects.exists()


def test_csv13_a_missing_column_leaves_an_empty_cell_clears_and_null_is_a_word(salon, manager):
    staff = StaffFactory(salon=salon, name_ar="نورة", name_en="Nora", title_en="Stylist", title_ar="مصففة")

    take(StaffImporter, "Name (English),Title (English),Title (Arabic)\nNora,NULL,\n", salon, manager)

    staff.refresh_from_db()
    assert (staff.name_ar, staff.title_en, staff.title_ar) == ("نورة", "NULL", "")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("03/04/2026", "day_unclear"),
        ("1447-09-01", "year_out_of_range"),
        (46114, "day_unclear"),
        ("2026-02-30", "day_unclear"),
        ("2026-04-03 10:00", "day_unclear"),
    ],
    ids=["slashes", "hijri", "serial", "no such day", "moment"],
)
def test_csv15_only_iso_days_are_taken(typed, code):
    with refusing(code):
        moments.day(typed)
    assert str(moments.day("٢٠٢٦-٠٤-٠٣")) == "2026-04-03"


def test_csv16_queries_and_memory_do_not_grow_with_the_rows_of_a_batch(salon, manager):
    def cost(first, rows):
        lines = [f"+9665{number:08d},note" for number in range(first, first + rows)]
        with CaptureQueriesContext(connection) as captured:
            assert counts(take(CustomerImporter, "\n".join(["Phone,Notes", *lines]), salon, manager)) == (rows, 0, 0)
        return len(captured)

    cost(0, 1)  # what the actor may is asked once

    assert cost(10, 10) == cost(100_000, 1000)
    assert Customer.history.count() == User.history.filter(history_user=manager).count() == 1011


def test_csv18_names_are_stored_as_typed_and_found_in_every_form(salon, manager):
    staff = StaffFactory(salon=salon, name_ar="أمل", name_en="")

    report = take(StaffImporter, "الاسم بالعربية,المسمى بالعربية\n\u200fامل\u200f,فنانة\n", salon, manager)
    decomposed = take(StaffImporter, "Name (English)\nZoe\u0308\n", salon, manager)

    staff.refresh_from_db()
    assert (counts(report), counts(decomposed)) == ((0, 1, 0), (1, 0, 0))
    assert staff.title_ar == "فنانة"
    assert Staff.objects.get(name_en="Zo\u00eb").search_text == "zo\u00eb"


def test_csv19_what_is_too_large_or_holds_formulas_is_refused(salon, manager):
    with refusing("file_too_large"):
        take(CustomerImporter, b"Phone\n" + b"1" * MOST_BYTES, salon, manager)
    report = take(CustomerImporter, xlsx_of(["Phone", "Notes"], [SARA, "=1+1"]), salon, manager)

    assert wrong(report) == [(2, "Notes", "cell_is_formula")]


def test_csv20_who_may_not_see_phones_exports_them_masked(salon):
    CustomerFactory(salon=salon, user__phone=SARA)
    stylist = MembershipFactory(salon=salon, role=SalonRole.STYLIST).user
    resource = CustomerResource(user=stylist)

    rows = resource.export(Customer.objects.all())

    assert rows["Phone"] == ["+9665••••••67"]
    assert all("contact" in rights["salons.customer"] for rights in POLICY.values() if _exports_customers(rights))


def _exports_customers(rights):
    return "export" in rights.get("salons.customer", "").split()


@pytest.mark.parametrize(
    ("opens", "closes", "problems"),
    [
        ("09:00", "24:00", []),
        ("7:0", "17:00", [(2, "From", "clock_unclear")]),
        ("09:00", "25:00", [(2, "Until", "clock_unclear")]),
        ("24:00", "10:00", [(2, "From", "clock_unclear")]),
        ("17:00", "09:00", [(2, "Until", "hours_order")]),
    ],
    ids=["midnight", "one digit", "no such hour", "opens at 24", "backwards"],
)
def test_csv22_24_00_is_midnight_and_no_other_odd_time_is_taken(salon, manager, opens, closes, problems):
    StaffFactory(salon=salon, name_en="Nora")

    report = take(HoursImporter, f"Staff member,Weekday,From,Until\nNora,Monday,{opens},{closes}\n", salon, manager)

    assert wrong(report) == problems
    stored = list(WeeklyHours.objects.values_list("closes", "ends_next_day"))
    assert stored == ([] if problems else [(time(0), True)])


# --- Every list comes back as it left ---


@pytest.fixture
def filled(salon):
    """A salon with rows of every kind, two people of one name among them."""
    ServiceCategoryFactory(salon=salon, name_ar="شعر", name_en="Hair", position=3, is_active=False)
    first = StaffFactory(salon=salon, name_ar="نورة", name_en="Nora", title_en="Colourist")
    second = StaffFactory(salon=salon, name_ar="نورة", name_en="Nora", gender="male")
    season = ScheduleExceptionFactory(salon=salon, name_en="Ramadan", kind="season")
    for person in (first, second):
        WeeklyHoursFactory(salon=salon, staff=person, weekday=5, opens=time(16), closes=time(0), ends_next_day=True)
        WeeklyHoursFactory(salon=salon, staff=person, weekday=5, opens=time(16), closes=time(22), exception=season)
        TimeOffFactory(salon=salon, staff=person, reason="عيد, holiday")
    WeeklyHoursFactory(salon=salon, staff=None, weekday=4, opens=time(13), closes=time(14), is_break=True)
    CustomerFactory(salon=salon, notes="line one\nline two", is_blocked=True)


LISTS = {
    "categories": (CategoryResource, CategoryImporter, ServiceCategory),
    "staff": (StaffResource, StaffImporter, Staff),
    "customers": (CustomerResource, CustomerImporter, Customer),
    "hours": (HoursResource, HoursImporter, WeeklyHours),
    "time off": (TimeOffResource, TimeOffImporter, TimeOff),
}


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("form", [CsvFormat, XlsxFormat], ids=["csv", "xlsx"])
@pytest.mark.parametrize("name", LISTS)
def test_an_export_comes_back_without_a_change(filled, salon, manager, name, form, language):
    resource, importer, model = LISTS[name]
    with translation.override(language):
        content = exported(resource, manager, form=form)
    versions = model.history.count()

    with translation.override("en" if language == "ar" else "ar"):
        report = take(importer, content, salon, manager)

    assert (wrong(report), counts(report)) == ([], (0, 0, model.objects.count()))
    assert model.history.count() == versions


def test_a_person_keeps_the_name_they_go_by_and_one_without_a_name_gets_one(salon, manager):
    named = CustomerFactory(salon=salon, user__name="Sara").user
    nameless = CustomerFactory(salon=salon, user__name="").user

    report = take(CustomerImporter, f"Phone,Name\n{named.phone},Sally\n{nameless.phone},Mona\n", salon, manager)

    assert report.names_kept == 1
    assert sorted(User.objects.filter(pk__in=[named.pk, nameless.pk]).values_list("name", flat=True)) == [
        "Mona",
        "Sara",
    ]


@pytest.mark.parametrize("name", ["", "Sally", "Sara Al-Harbi"])
def test_a_preview_does_not_tell_whom_other_salons_know(salon, manager, name):
    def told():
        report = take(CustomerImporter, f"Phone,Name\n{SARA},{name}\n", salon, manager, dry_run=True)
        return report.additions, report.lines(), report.fingerprint()

    unknown = told()
    card = CustomerFactory(user__phone=SARA, user__name="Sara Al-Harbi")
    assert told() == unknown
    User.objects.update(name="")

    assert told() == unknown
    assert [addition.name for addition in unknown[0]] == [name or SARA]
    assert Customer.objects.get() == card


def test_hours_that_begin_alike_ask_for_season_and_first_day(filled, salon, manager):
    report = take(HoursImporter, "Staff code,Weekday,From,Until\n,Saturday,16:00,23:00\n", salon, manager)
    code = exported(StaffResource, manager, form=CsvFormat).decode("utf-8-sig").splitlines()[1].split(",")[0]
    unclear = take(HoursImporter, f"Staff code,Weekday,From,Until\n{code},Saturday,16:00,23:00\n", salon, manager)

    assert counts(report) == (1, 0, 0)
    assert wrong(unclear) == [(2, "From", "hours_ambiguous")]


def test_two_people_of_one_name_are_told_apart_by_code(filled, salon, manager):
    by_name = take(StaffImporter, "Name (English),Title (English)\nNora,Boss\n", salon, manager)

    assert [code for _row, _column, code in wrong(by_name)] == ["name_ambiguous"]
    assert not Staff.objects.filter(title_en="Boss").exists()


def test_cycles_are_not_looked_for_while_an_import_runs_and_are_again_however_it_ended(salon, manager, monkeypatch):
    looked_for = []
    plan = CategoryImporter.plan
    monkeypatch.setattr(CategoryImporter, "plan", lambda self: (looked_for.append(gc.isenabled()), plan(self))[1])

    take(CategoryImporter, "name_en\nHair\n", salon, manager)
    with pytest.raises(DomainError):
        take(CategoryImporter, b"\x00\x01", salon, manager)

    assert looked_for == [False]
    assert gc.isenabled()
