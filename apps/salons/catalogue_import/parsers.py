"""What the cells of a price list mean."""

from functools import partial

from apps.common.imports import cells
from apps.common.imports.rows import Empty, Parser
from apps.salons.models import Service

LONGEST_CODE = Service._meta.get_field("code").max_length or 0
LONGEST_NAME = Service._meta.get_field("name_ar").max_length or 0

_name = partial(cells.line, longest=LONGEST_NAME)
PARSERS: dict[str, Parser] = {
    "salon": _name,
    "code": partial(cells.line, longest=LONGEST_CODE),
    "category_ar": _name,
    "category_en": _name,
    "name_ar": _name,
    "name_en": _name,
    "price": cells.price,
    "duration": cells.duration,
    "buffer_before": cells.buffer,
    "buffer_after": cells.buffer,
    "active": cells.yes_or_no,
    "description_ar": cells.paragraphs,
    "description_en": cells.paragraphs,
}
# An empty cell of the others clears what is stored.
EMPTY = {
    **dict.fromkeys(("salon", "code", "category_ar", "category_en", "duration", "active"), Empty.NOTHING),
    "price": Empty.REFUSED,
    "buffer_before": 0,
    "buffer_after": 0,
}
ONE_OF = (("category_ar", "category_en"), ("name_ar", "name_en"))
