"""What the platform keeps about signing in. Written by the use cases alone, read by the owner and auditors."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts import services
from apps.accounts.models import IdempotencyKey, OtpChallenge, PhoneGuard, TokenFamily
from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.dialogs import ConfirmDialog, run_use_case
from apps.common.admin.displays import State, left_to_right, reference_column, time_column, two_lines
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateTimeFilter
from apps.common.phones import mask_phone

OPEN, USED, REPLACED, EXPIRED, ENDED = "open", "used", "replaced", "expired", "ended"
STATE_NAMES = {
    OPEN: _("open"),
    USED: _("used"),
    REPLACED: _("replaced"),
    EXPIRED: _("expired"),
    ENDED: _("ended"),
}
STATE_COLOURS = {OPEN: "info", USED: "success", REPLACED: "default", EXPIRED: "warning", ENDED: "danger"}


class ReadOnlyAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)


@admin.register(OtpChallenge)
class OtpChallengeAdmin(ReadOnlyAdmin):
    empty_text = _("Codes that were sent will stand here, never the code itself.")
    list_display = [
        "display_phone",
        "purpose",
        "channel",
        "display_network",
        "display_state",
        "attempts",
        "display_sent_at",
    ]
    list_filter = [
        ("purpose", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["phone"]
    search_help_text = _("Search by phone")
    fields = [
        ("display_phone", "display_state"),
        ("purpose", "channel"),
        ("display_network", "held_by"),
        "attempts",
        ("display_sent_at", "display_expires_at"),
        ("used_at", "superseded_at"),
    ]
    readonly_fields = ["display_phone", "display_state", "display_network", "display_sent_at", "display_expires_at"]

    display_network = reference_column("network", _("network"))
    display_sent_at = time_column("created_at", _("sent at"), zone=None)
    display_expires_at = time_column("expires_at", zone=None)

    @admin.display(description=_("phone"), ordering="phone")
    def display_phone(self, challenge):
        return left_to_right(mask_phone(challenge.phone))

    @display(description=_("state"), label=STATE_COLOURS)
    def display_state(self, challenge):
        return state_pair(challenge_state(challenge))


@admin.register(PhoneGuard)
class PhoneGuardAdmin(ReadOnlyAdmin):
    empty_text = _("Phones that were proven, or guessed at, will stand here with the network it came from.")
    list_display = [
        "display_phone",
        "display_network",
        "consecutive_failures",
        "display_locked_until",
        "display_success",
    ]
    search_fields = ["phone", "network"]
    search_help_text = _("Search by phone or network")
    fields = [
        ("display_phone", "display_network"),
        ("consecutive_failures", "display_locked_until"),
        "display_success",
    ]
    readonly_fields = ["display_phone", "display_network", "display_locked_until", "display_success"]
    actions_detail = ["lift_action"]

    display_network = reference_column("network", _("network"))
    display_locked_until = time_column("locked_until", zone=None)
    display_success = time_column("succeeded_at", zone=None)

    @admin.display(description=_("phone"), ordering="phone")
    def display_phone(self, guard):
        return left_to_right(mask_phone(guard.phone))

    def has_lift_lock_permission(self, request, object_id=None):
        return self.may(request, "lift", object_id)

    @action(
        description=_("Lift the lock"),
        url_path="lift",
        icon="lock_open",
        variant=ActionVariant.PRIMARY,
        permissions=["lift_lock"],
        dialog={
            "title": _("Let this phone try again now?"),
            "description": _("Ask the person something only they can know first: whoever guessed may try again too."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Lift the lock"),
        },
    )
    def lift_action(self, request, form, object_id):
        guard = self.row(request, object_id)

        def lift():
            services.lift_lock(phone=guard.phone, network=guard.network)
            self.log_change(request, guard, str(_("The lock was lifted.")))

        return run_use_case(request, lift, _("The lock was lifted."))


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    empty_text = _("Devices that customers are signed in with will stand here.")
    list_display = [
        "display_person",
        "display_state",
        "display_network",
        "display_since",
        "display_expires_at",
        "revoked_reason",
    ]
    list_filter = [("created_at", RangeDateTimeFilter)]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__phone"]
    search_help_text = _("Search by name or phone")
    fields = [
        "user",
        ("display_state", "display_network"),
        ("display_since", "display_expires_at"),
        ("revoked_at", "revoked_reason"),
    ]
    readonly_fields = ["display_state", "display_network", "display_since", "display_expires_at"]

    display_network = reference_column("network", _("network"))
    display_since = time_column("created_at", _("signed in at"), zone=None)
    display_expires_at = time_column("expires_at", zone=None)

    @admin.display(description=_("person"), ordering="user__name")
    def display_person(self, family):
        return two_lines(family.user)

    @display(description=_("state"), label=STATE_COLOURS)
    def display_state(self, family):
        if family.revoked_at:
            return state_pair(ENDED)
        return state_pair(OPEN if family.expires_at > timezone.now() else EXPIRED)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    empty_text = _("Requests of customers' apps that must not happen twice will stand here for two days.")
    list_display = ["display_key", "display_person", "method", "display_path", "response_status", "display_asked_at"]
    list_filter = [("created_at", RangeDateTimeFilter)]
    list_select_related = ["user"]
    search_fields = ["key", "user__phone", "user__name"]
    search_help_text = _("Search by key, name or phone")
    fields = [
        "display_key",
        "user",
        ("method", "display_path"),
        "response_status",
        ("display_asked_at", "locked_until"),
    ]
    readonly_fields = ["display_key", "display_path", "display_asked_at"]

    display_asked_at = time_column("created_at", _("asked at"), zone=None)

    @admin.display(description=_("key"), ordering="key")
    def display_key(self, row):
        return left_to_right(row.key)

    @admin.display(description=_("address"), ordering="path")
    def display_path(self, row):
        return left_to_right(row.path)

    @admin.display(description=_("person"), ordering="user__name")
    def display_person(self, row):
        return two_lines(row.user)


def challenge_state(challenge):
    """Which of OPEN, USED, REPLACED and EXPIRED a sent code is in."""
    if challenge.used_at:
        return USED
    if challenge.superseded_at:
        return REPLACED
    return OPEN if challenge.expires_at > timezone.now() else EXPIRED


def state_pair(state):
    return State(state, STATE_NAMES[state])
