"""What happened to people, for those above who care: notifications (messages)."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    """A person has another phone now; whoever holds the old one should hear of it."""

    user_id: UUID
    old_phone: str
