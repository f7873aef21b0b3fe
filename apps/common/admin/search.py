"""Search as people type it: Arabic letter forms, phones in any spelling, references with or without dashes."""

from functools import reduce
from operator import and_, or_

from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Q

from apps.common.fields import PhoneField
from apps.common.name_keys import name_key
from apps.common.reader import phone_matches
from apps.common.text import latin_digits, search_key

LONGEST_TERM = 100
# Columns with a name as its bearer writes it.
PERSON_NAMES = {"name", "guest_name"}


def search(queryset, fields, term, *, reader):
    """Rows of `queryset` in which every word of `term` (or the whole of it) stands in one of `fields` (lookup paths).

    The kind of a field decides how it is compared: a phone by its digits, a `search_text` folded, a `reference`
    without dashes, everything else as contained text. `reader` finds a phone they do not see by the whole number only:
    piece by piece they could read what is masked.
    """
    term = latin_digits(term).strip()[:LONGEST_TERM]
    if not term or not fields:
        return queryset
    whole = _anywhere(queryset, fields, term, reader)
    words = [_anywhere(queryset, fields, word, reader) for word in term.split()]
    return queryset.filter(whole | reduce(and_, words))


def _anywhere(queryset, paths, term, reader):
    conditions = [condition for path in paths if (condition := _matches(queryset, path, term, reader)) is not None]
    return reduce(or_, conditions, Q(pk__in=[]))


def _matches(queryset, path, term, reader):
    field = get_fields_from_path(queryset.model, path)[-1]
    if isinstance(field, PhoneField):
        return phone_matches(queryset, path, term, reader=reader, is_public=field.is_public)
    if field.name == "search_text":
        return Q(**{f"{path}__contains": search_key(term)})
    if field.name in PERSON_NAMES:
        key = name_key(term)
        return Q(**{f"{path}__folded__contains": key}) if key else None
    if field.name == "reference":
        return Q(**{f"{path}__iexact": term.replace("-", "")})
    return Q(**{f"{path}__icontains": term})
