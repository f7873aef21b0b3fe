"""What a salon does with its own records."""

from apps.salons.services.catalogue import Skill, change_skills, change_terms, skill_mark
from apps.salons.services.customers import (
    change_customer_card,
    customer_card_of,
    ensure_no_card,
    ensure_not_erased,
    keep_customer_card,
    merge_customers,
    open_customer_card,
    person_with_phone,
)
from apps.salons.services.pictures import change_picture, forget_pictures
from apps.salons.services.schedule import Window, change_week, lock_schedule, week_mark, week_rows

__all__ = [
    "Skill",
    "Window",
    "change_customer_card",
    "change_picture",
    "change_skills",
    "change_terms",
    "change_week",
    "customer_card_of",
    "ensure_no_card",
    "ensure_not_erased",
    "forget_pictures",
    "keep_customer_card",
    "lock_schedule",
    "merge_customers",
    "open_customer_card",
    "person_with_phone",
    "skill_mark",
    "week_mark",
    "week_rows",
]
