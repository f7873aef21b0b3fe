"""Fresh proof: what a session alone must not be enough for."""

from datetime import datetime, timedelta

from django.utils import timezone

from apps.common.errors import ProofNeeded

FRESH = timedelta(minutes=5)


def ensure_proven(proven_at: datetime | None) -> None:
    """Raises ProofNeeded unless the actor proved who they are within the last five minutes, in the session they use."""
    if proven_at is None or timezone.now() - proven_at > FRESH:
        raise ProofNeeded
