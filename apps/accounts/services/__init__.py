"""Everything that may happen to people's accounts."""

from apps.accounts.services.codes import request_code, verify_code
from apps.accounts.services.profile import request_erasure, update_profile
from apps.accounts.services.retention import forget_old_rows
from apps.accounts.services.tokens import TokenPair, issue_tokens, revoke, rotate_refresh, signed_in_user

__all__ = [
    "TokenPair",
    "forget_old_rows",
    "issue_tokens",
    "request_code",
    "request_erasure",
    "revoke",
    "rotate_refresh",
    "signed_in_user",
    "update_profile",
    "verify_code",
]
