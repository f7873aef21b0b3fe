"""The sidebar: groups as the day goes, each entry shown to those who may view its model."""

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from project.admin_site.changes import may_read_changes

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
            ("payments.taxsubmission", "outbox"),
            ("payments.tillcount", "point_of_sale"),
            ("payments.moneyevent", "history_edu"),
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
            ("notifications.messagesettings", "tune"),
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
            ("salons.importrun", "upload_file"),
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
    if may_view(request, "bookings.booking"):
        put_calendar_first(request, groups[0]["items"])
    if may_read_changes(request.user):
        link = reverse("admin:changes")
        groups[-1]["items"].append({"title": _("All changes"), "icon": "manage_search", "link": link})
    if may_view(request, "payments.tillcount"):
        day = reverse("admin:payments_tillcount_day_action")
        groups[0]["items"].append({"title": _("Day's money"), "icon": "today", "link": day})
    return groups


def put_calendar_first(request: HttpRequest, items: list[dict]) -> None:
    """Before everything else of the day; below the address of the list, so only one of the two is marked."""
    link = reverse("admin:bookings_booking_calendar")
    if request.path == link:
        bookings = reverse("admin:bookings_booking_changelist")
        for item in items:
            if item["link"] == bookings:
                item["active"] = False
    items.insert(0, {"title": _("Calendar"), "icon": "calendar_view_day", "link": link})


def entry(label: str, icon: str) -> dict:
    meta = apps.get_model(label)._meta
    link = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return {"title": capfirst(meta.verbose_name_plural), "icon": icon, "link": link}


def may_view(request: HttpRequest, label: str) -> bool:
    model = apps.get_model(label)
    return admin.site.is_registered(model) and admin.site.get_model_admin(model).has_view_permission(request)
