"""Whose eyes a page is made for: columns, history and names have no request at hand and show phones all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.models import Q

from apps.common.phones import is_placeholder, mask_phone, normalize_phone, phone_search_digits

# Given for customers, asked for every person's phone.
SEE_PHONES = "salons.contact_customer"

_reader: ContextVar[Any] = ContextVar("reader", default=None)


@contextmanager
def reading(user: Any) -> Iterator[None]:
    """While it lasts, `user` is the reader of whatever is shown."""
    token = _reader.set(user)
    try:
        yield
    finally:
        _reader.reset(token)


def shown_phone(phone: str, row: Any, *, reader: Any = None) -> str:
    """`phone`, which `row` (a salon's row, or one of the platform) leads to, as its reader may see it.

    Whole for who may contact the customers of that salon, masked for everybody else, "" where the person was erased.
    The reader is that of the page unless one is named; where there is none, phones are masked.
    """
    if not phone or is_placeholder(phone):
        return ""
    reader = reader or _reader.get()
    return phone if reader is not None and reader.has_perm(SEE_PHONES, row) else mask_phone(phone)


def called(person: Any, row: Any) -> str:
    """What a person is called beside `row`: by name, and where there is none by the phone as its reader may see it."""
    return person.name or shown_phone(person.phone, row) or str(person)


def phone_matches(queryset: Any, path: str, term: str, *, reader: Any, is_public: bool = False) -> Q | None:
    """The rows of `queryset` whose phone at `path` is what `reader` typed, as a Q; None where that holds no number."""
    digits = phone_search_digits(term)
    if digits is None:
        return None
    if number := normalize_phone(term):
        # The whole of it: an index knows where it stands.
        return Q(**{path: number})
    found = Q(**{f"{path}__endswith": digits})
    if is_public:
        return found
    if hasattr(queryset, "showing_phones_to"):
        return found & queryset.showing_phones_to(reader)
    return found if reader.has_perm(SEE_PHONES) else Q(pk__in=[])
