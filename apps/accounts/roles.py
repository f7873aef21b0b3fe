"""Who may do what: the one policy table, role × model × verb.

It feeds the admin, the API, import, export, actions and the permission tests through Django's own door,
`user.has_perm("bookings.cancel_booking", booking)`; `apps.salons.access.RoleBackend` answers. Which rows a role
reaches (one salon, own rows, all salons) is not said here but by `visible_to`. The owner (`is_superuser`) may do
everything.

`audit` a salon is to read every change in it on one page, those of rows that are gone included.
`contact` a customer is to see phones whole. A salon may let its stylists, too (`Salon.stylists_see_phones`).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SalonRole(models.TextChoices):
    """Given by a membership, counts inside that salon."""

    MANAGER = "manager", _("manager")
    RECEPTIONIST = "receptionist", _("receptionist")
    STYLIST = "stylist", _("stylist")


class PlatformRole(models.TextChoices):
    """Given by a group of the same name, counts in all salons."""

    SUPPORT = "support", _("support")
    AUDITOR = "auditor", _("auditor")


# A stylist reaches only rows that belong to their own Staff row.
OWN_ROWS_ONLY = {SalonRole.STYLIST}

CATALOGUE = "view add change delete import export"
# Rows that come in with others, or by hand alone.
NOT_IMPORTED = "view add change delete export"
BOOKING_DESK = "view add change confirm reschedule cancel arrive complete no_show undo"

POLICY = {
    SalonRole.MANAGER: {
        "accounts.backoffice": "enter",
        "salons.salon": "view change audit",
        "salons.membership": "view",
        "salons.customer": "view add change merge import export contact",
        "salons.importrun": "view",
        "salons.servicecategory": CATALOGUE,
        "salons.service": CATALOGUE,
        "salons.staff": CATALOGUE,
        "salons.staffservice": NOT_IMPORTED,
        "salons.weeklyhours": CATALOGUE,
        "salons.scheduleexception": NOT_IMPORTED,
        "salons.prayertime": NOT_IMPORTED,
        "salons.timeoff": CATALOGUE,
        "salons.review": "view change export",
        "bookings.booking": f"{BOOKING_DESK} override export",
        "payments.payment": "view add settle export",
        "payments.refund": "view add approve export",
        "payments.taxdocument": "view export",
        "payments.taxsubmission": "view report",
        "payments.tillcount": "view add change",
        "payments.moneyevent": "view",
        "payments.reconciliationfinding": "view",
        "notifications.messagesettings": "view add change",
        "notifications.template": "view add change delete",
        "notifications.notification": "view retry export",
        "notifications.deliveryattempt": "view",
        "notifications.deliveryreceipt": "view",
    },
    SalonRole.RECEPTIONIST: {
        "accounts.backoffice": "enter",
        "salons.salon": "view",
        "salons.customer": "view add change contact",
        "salons.servicecategory": "view",
        "salons.service": "view",
        "salons.staff": "view",
        "salons.staffservice": "view",
        "salons.weeklyhours": "view",
        "salons.scheduleexception": "view",
        "salons.prayertime": "view",
        "salons.timeoff": "view",
        "salons.review": "view",
        "bookings.booking": BOOKING_DESK,
        "payments.payment": "view add",
        "payments.tillcount": "view add",
        "notifications.notification": "view",
    },
    SalonRole.STYLIST: {
        "accounts.backoffice": "enter",
        "salons.staff": "view",
        "salons.weeklyhours": "view",
        "salons.timeoff": "view",
        "bookings.booking": "view arrive complete",
    },
    PlatformRole.SUPPORT: {
        "accounts.backoffice": "enter",
        "salons.salon": "view",
        "salons.customer": "view",
        "salons.service": "view",
        "salons.staff": "view",
        "bookings.booking": "view",
        "payments.payment": "view settle",
        "payments.refund": "view add approve",
        "payments.taxdocument": "view",
        "payments.taxsubmission": "view report",
        "payments.tillcount": "view",
        "payments.moneyevent": "view",
        "payments.webhookevent": "view replay",
        "payments.reconciliationrun": "view",
        "payments.reconciliationfinding": "view resolve",
        "notifications.notification": "view retry",
        "notifications.deliveryattempt": "view",
        "notifications.deliveryreceipt": "view",
    },
    PlatformRole.AUDITOR: {
        "accounts.backoffice": "enter",
        "accounts.user": "view export",
        "accounts.otpchallenge": "view",
        "accounts.phoneguard": "view",
        "accounts.tokenfamily": "view",
        "accounts.idempotencykey": "view",
        "accounts.datarequest": "view export",
        "accounts.exportlog": "view",
        "auth.group": "view",
        "salons.salon": "view export audit",
        "salons.membership": "view export",
        "salons.customer": "view export contact",
        "salons.importrun": "view",
        "salons.servicecategory": "view export",
        "salons.service": "view export",
        "salons.staff": "view export",
        "salons.staffservice": "view export",
        "salons.weeklyhours": "view export",
        "salons.scheduleexception": "view export",
        "salons.prayertime": "view export",
        "salons.timeoff": "view export",
        "salons.review": "view export",
        "bookings.booking": "view export",
        "payments.payment": "view export",
        "payments.refund": "view export",
        "payments.taxdocument": "view export",
        "payments.taxsubmission": "view",
        "payments.tillcount": "view",
        "payments.moneyevent": "view",
        "payments.webhookevent": "view",
        "payments.reconciliationrun": "view",
        "payments.reconciliationfinding": "view",
        "notifications.messagesettings": "view",
        "notifications.template": "view",
        "notifications.notification": "view export",
        "notifications.deliveryattempt": "view",
        "notifications.deliveryreceipt": "view",
    },
}


def _codenames(rights):
    for label, verbs in rights.items():
        app, model = label.split(".")
        yield from (f"{app}.{verb}_{model}" for verb in verbs.split())


PERMISSIONS = {role: frozenset(_codenames(rights)) for role, rights in POLICY.items()}


def allows(role, permission):
    """Whether `role` holds `permission` (`"app.verb_model"`); an unknown role or permission is a no."""
    return permission in PERMISSIONS.get(role, ())
