"""How values look in lists and read-only fields, the same everywhere and right in both writing directions."""

from functools import reduce
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from unfold.decorators import display

from apps.common.money import display_money
from apps.common.name_keys import NameKey
from apps.common.reader import shown_phone

EMPTY = "—"
# The same in a cell of a list, where a phone leaves it out.
EMPTY_CELL = mark_safe('<span class="salon-empty">—</span>')
# A Named row, by its Arabic name, then by its English one.
BY_NAME = NameKey("search_text")


def left_to_right(text):
    """`text` (phone, amount, code) shown from left to right inside an Arabic line."""
    return format_html('<bdi dir="ltr">{}</bdi>', text)


def isolated(text):
    """A name of either direction that must not disturb the line around it."""
    return format_html("<bdi>{}</bdi>", text)


def show_money(amount):
    """A Decimal with its currency, or a dash."""
    return EMPTY if amount is None else format_html("<bdi>{}</bdi>", display_money(amount))


def show_phone(phone, row):
    """A person's phone, to which `row` leads, as the reader of the page may see it, or a dash."""
    seen = shown_phone(phone, row)
    return left_to_right(seen) if seen else EMPTY


def show_time(moment, zone=None):
    """An aware datetime in `zone` (name of a time zone; default the installation's), or a dash."""
    if moment is None:
        return EMPTY
    local = timezone.localtime(moment, ZoneInfo(zone) if zone else None)
    return date_format(local, "DATETIME_FORMAT")


def two_lines(first, second=""):
    """A main line and, where there is one, a quieter line under it; each in its own direction."""
    if not second:
        return isolated(first)
    markup = '<span class="flex flex-col items-start"><bdi>{}</bdi><bdi class="text-base-500">{}</bdi></span>'
    return format_html(markup, first, second)


def name_column(description, second=None, *, ordering=BY_NAME):
    """A list column of a Named row: its name in the reader's language, under it what stands at `second`."""

    def value(obj):
        return two_lines(obj.name, _follow(obj, second) if second else "")

    return _finish(value, second, description, ordering)


def money_column(path, description=None):
    """A list column of the amount at `path` ("price_amount", "booking.price_amount")."""
    return _column(path, show_money, description)


def phone_column(path, description):
    """A list column of the person's phone at `path` ("user.phone"), masked for who may not contact customers."""

    def value(obj):
        return show_phone(_follow(obj, path), obj)

    return _finish(value, path, description, path.replace(".", "__"))


def public_phone_column(path, description):
    """A list column of the phone of a business at `path`."""
    return _column(path, left_to_right, description)


def reference_column(path, description):
    """A list column of a code that is read from left to right ("display_reference")."""
    return _column(path, left_to_right, description, ordering=path.replace("display_reference", "reference"))


def time_column(path, description=None, *, zone="salon.timezone"):
    """A list column of the datetime at `path` in the time zone found at `zone` (None: the installation's)."""

    def value(obj):
        moment = show_time(_follow(obj, path), _follow(obj, zone) if zone else None)
        return moment if moment == EMPTY else format_html('<span class="salon-moment">{}</span>', moment)

    return _finish(value, path, description, path.replace(".", "__"))


class State(tuple):
    """(value, translated text): a list colours it by the value, and wherever it is printed it is the text."""

    __slots__ = ()

    def __new__(cls, value, text):
        return super().__new__(cls, (str(value), text))

    def __str__(self):
        return str(self[1])


def state_column(field, colours, description=None):
    """A coloured label of the choice field `field`; `colours` maps every choice to success, info, warning, danger,
    primary or default. A system check refuses a choice left out.
    """

    def value(_admin, obj):
        return State(getattr(obj, field), getattr(obj, f"get_{field}_display")())

    column = display(label={str(key): colour for key, colour in colours.items()}, ordering=field)(value)
    column.state_field = field
    if description is not None:
        column.short_description = description
    column.described_by = field
    return column


def _column(path, show, description, ordering=None):
    def value(obj):
        found = _follow(obj, path)
        return EMPTY if found in (None, "") else show(found)

    return _finish(value, path, description, ordering or path.replace(".", "__"))


def _finish(value, path, description, ordering):
    def column(_admin, obj):
        shown = value(obj)
        return EMPTY_CELL if shown == EMPTY else shown

    column.admin_order_field = ordering
    column.described_by = path
    if description is not None:
        column.short_description = description
    return column


def _follow(obj, path):
    return reduce(lambda found, name: getattr(found, name, None), path.split("."), obj)
