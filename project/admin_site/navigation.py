"""The sidebar: groups as the day goes, each entry shown to those who may view its model."""

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# Group title, and per entry a model and its Material icon.
GROUPS = [
    (_("Today"), [("bookings.booking", "calendar_month")]),
    (
        _("Catalogue"),
        [
            ("salons.servicecategory", "category"),
            ("salons.service", "content_cut"),
            ("salons.staffservice", "assignment_ind"),
        ],
    ),
    (
        _("Team"),
        [
            ("salons.staff", "groups"),
            ("salons.weeklyhours", "schedule"),
            ("salons.scheduleexception", "event_busy"),
            ("salons.prayertime", "mosque"),
            ("salons.timeoff", "beach_access"),
            ("salons.membership", "badge"),
        ],
    ),
    (_("Customers"), [("salons.customer", "contacts"), ("salons.review", "reviews")]),
    (
        _("Money"),
        [
            ("payments.payment", "payments"),
            ("payments.refund", "currency_exchange"),
            ("payments.taxdocument", "receipt_long"),
            ("payments.reconciliationrun", "balance"),
            ("payments.reconciliationfinding", "troubleshoot"),
            ("payments.webhookevent", "webhook"),
        ],
    ),
    (
        _("Messages"),
        [
            ("notifications.notification", "sms"),
            ("notifications.template", "edit_note"),
            ("notifications.deliveryreceipt", "mark_email_read"),
        ],
    ),
    (
        _("Platform"),
        [
            ("salons.salon", "storefront"),
            ("accounts.user", "person"),
            ("auth.group", "shield_person"),
            ("accounts.datarequest", "policy"),
            ("accounts.exportlog", "file_export"),
            ("accounts.otpchallenge", "pin"),
            ("accounts.phoneguard", "phonelink_lock"),
            ("accounts.tokenfamily", "devices"),
            ("accounts.idempotencykey", "key"),
        ],
    ),
]


def sidebar(request: HttpRequest) -> list[dict]:
    """Unfold's navigation for this reader; a group without entries is left out."""
    home = {"title": _("Dashboard"), "icon": "dashboard", "link": reverse("admin:index")}
    groups = [
        {"title": title, "collapsible": False, "separator": True, "items": shown}
        for title, entries in GROUPS
        if (shown := [entry(label, icon) for label, icon in entries if may_view(request, label)])
    ]
    if groups and groups[0]["title"] == GROUPS[0][0]:
        groups[0]["items"].insert(0, home)
    else:
        groups.insert(0, {"title": GROUPS[0][0], "collapsible": False, "separator": True, "items": [home]})
    return groups


def entry(label: str, icon: str) -> dict:
    meta = apps.get_model(label)._meta
    link = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return {"title": capfirst(meta.verbose_name_plural), "icon": icon, "link": link}


def may_view(request: HttpRequest, label: str) -> bool:
    model = apps.get_model(label)
    return admin.site.is_registered(model) and admin.site.get_model_admin(model).has_view_permission(request)
