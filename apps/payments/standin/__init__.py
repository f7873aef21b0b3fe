"""A stand-in for Moyasar: the same HTTP API, a ledger on disk, a checkout page, and every way to fail on demand."""

from apps.payments.standin.cards import APPROVED_CARD, DECLINED_CARD
from apps.payments.standin.service import Standin

__all__ = ["APPROVED_CARD", "DECLINED_CARD", "Standin"]
