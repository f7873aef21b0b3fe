"""Everything that may happen to people's accounts."""

from apps.accounts.services.codes import SignedIn, request_code, sign_in
from apps.accounts.services.guards import lift_lock
from apps.accounts.services.passwords import guarded_password
from apps.accounts.services.phone import change_own_phone, phone_changed, request_phone_change
from apps.accounts.services.profile import request_erasure, update_profile
from apps.accounts.services.retention import forget_old_rows
from apps.accounts.services.tokens import (
    TokenPair,
    end_sign_ins,
    forget_sign_ins,
    issue_tokens,
    revoke,
    rotate_refresh,
    signed_in_user,
)

__all__ = [
    "SignedIn",
    "TokenPair",
    "change_own_phone",
    "end_sign_ins",
    "forget_old_rows",
    "forget_sign_ins",
    "guarded_password",
    "issue_tokens",
    "lift_lock",
    "phone_changed",
    "request_code",
    "request_erasure",
    "request_phone_change",
    "revoke",
    "rotate_refresh",
    "sign_in",
    "signed_in_user",
    "update_profile",
]
