"""Everything that may happen to people's accounts."""

from apps.accounts.services.codes import SignedIn, request_code, sign_in
from apps.accounts.services.guards import know_network, lift_lock
from apps.accounts.services.passwords import guarded_password
from apps.accounts.services.phone import change_own_phone, phone_changed, request_phone_change
from apps.accounts.services.profile import adopt_stricter_consent, record_consent, update_profile
from apps.accounts.services.proof import ensure_proven
from apps.accounts.services.requests import (
    erase_person,
    extend_request,
    fetch_copy,
    file_request,
    hand_over_copy,
    refuse_request,
    request_erasure,
    take_own_copy,
)
from apps.accounts.services.retention import forget_old_rows
from apps.accounts.services.second_factor import (
    enrol_second_factor,
    new_secret,
    renew_recovery_codes,
    reset_second_factor,
    secret_to_type,
    setup_address,
    turn_second_factor_off,
    verify_second_factor,
)
from apps.accounts.services.sign_ins import end_everything, end_own_sessions, sign_out_everywhere
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
    "adopt_stricter_consent",
    "change_own_phone",
    "end_everything",
    "end_own_sessions",
    "end_sign_ins",
    "enrol_second_factor",
    "ensure_proven",
    "erase_person",
    "extend_request",
    "fetch_copy",
    "file_request",
    "forget_old_rows",
    "forget_sign_ins",
    "guarded_password",
    "hand_over_copy",
    "issue_tokens",
    "know_network",
    "lift_lock",
    "new_secret",
    "phone_changed",
    "record_consent",
    "refuse_request",
    "renew_recovery_codes",
    "request_code",
    "request_erasure",
    "request_phone_change",
    "reset_second_factor",
    "revoke",
    "rotate_refresh",
    "secret_to_type",
    "setup_address",
    "sign_in",
    "sign_out_everywhere",
    "signed_in_user",
    "take_own_copy",
    "turn_second_factor_off",
    "update_profile",
    "verify_second_factor",
]
