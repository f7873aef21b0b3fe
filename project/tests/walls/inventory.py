"""Every door of the installation, read from the registries, and what the tables here say about the unusual ones.

A new model, page, button, address or API operation that no table knows is named by `unknown_doors` in a sentence that
says where its right belongs.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import get_resolver

from apps.accounts.roles import POLICY
from apps.storefront import urls as storefront

OPEN, REFUSED, SIGN_IN, NO_SUCH_METHOD = "open", "refused", "sign in", "no such method"

MODEL_PAGES = ("changelist", "add", "change", "delete", "history", "simple_history", "export", "import")
MODEL_PAGES += ("process_import",)
PLACES = ("list", "row", "detail", "submit_line")
# Django's own actions of lists, and the verb each of them needs.
LIST_ACTIONS = {"delete_selected": "delete"}
# What every button needs, in the salon of its row where it has one. Buttons above a list need all of it in one salon.
BUTTONS = {
    "accounts.user.sign_out_action": ("accounts.change_user",),
    "accounts.user.reset_second_factor_action": ("accounts.change_user",),
    "accounts.datarequest.erase_action": ("accounts.answer_datarequest",),
    "accounts.datarequest.hand_over_action": ("accounts.answer_datarequest",),
    "accounts.datarequest.copy_action": ("accounts.answer_datarequest",),
    "accounts.datarequest.extend_action": ("accounts.answer_datarequest",),
    "accounts.datarequest.refuse_action": ("accounts.answer_datarequest",),
    "accounts.phoneguard.lift_action": ("accounts.lift_phoneguard",),
    "salons.customer.merge_action": ("salons.merge_customer",),
    "salons.service.prices_action": ("salons.view_service",),
    "salons.staffservice.grid_action": ("salons.view_staffservice",),
    "salons.weeklyhours.week_action": ("salons.view_weeklyhours", "salons.view_scheduleexception"),
    "salons.staff.pictures_action": ("salons.change_staff",),
    "salons.salon.pictures_action": ("salons.change_salon",),
    "bookings.booking.why_not_action": ("bookings.view_booking", "salons.view_salon"),
    "bookings.booking.reassign_action": ("bookings.reschedule_booking", "salons.view_salon"),
    "bookings.booking.confirm_action": ("bookings.confirm_booking",),
    "bookings.booking.arrive_action": ("bookings.arrive_booking",),
    "bookings.booking.complete_action": ("bookings.complete_booking",),
    "bookings.booking.payment_link_action": ("payments.add_payment", "bookings.view_booking"),
    "bookings.booking.no_show_action": ("bookings.no_show_booking",),
    "bookings.booking.reschedule_action": ("bookings.reschedule_booking",),
    "bookings.booking.service_action": ("bookings.reschedule_booking",),
    "bookings.booking.length_action": ("bookings.reschedule_booking",),
    "bookings.booking.cancel_action": ("bookings.cancel_booking",),
    "bookings.booking.undo_action": ("bookings.undo_booking",),
    "payments.payment.refund_action": ("payments.add_refund",),
    # `a|b` is one of the two.
    "payments.payment.ask_gateway_action": ("payments.add_payment|payments.add_refund",),
    "payments.payment.take_action": ("payments.settle_payment",),
    "payments.payment.release_action": ("payments.settle_payment",),
    "payments.payment.accept_action": ("payments.settle_payment",),
    "payments.payment.send_back_action": ("payments.settle_payment",),
    "payments.payment.close_action": ("payments.settle_payment",),
    "payments.refund.approve_action": ("payments.approve_refund",),
    "payments.refund.carry_out_action": ("payments.approve_refund",),
    "payments.refund.reject_action": ("payments.approve_refund",),
    "payments.taxdocument.print_action": ("payments.view_taxdocument",),
    "payments.taxdocument.pdf_action": ("payments.view_taxdocument",),
    "payments.taxsubmission.report_action": ("payments.report_taxsubmission",),
    "payments.refund.decide_action": ("payments.approve_refund",),
    "payments.refund.send_again_action": ("payments.approve_refund",),
    "payments.refund.give_up_action": ("payments.approve_refund",),
    "payments.tillcount.day_action": ("payments.view_tillcount",),
    "payments.tillcount.count_action": ("payments.add_tillcount",),
    "payments.tillcount.correct_action": ("payments.change_tillcount",),
    "payments.webhookevent.replay_action": ("payments.replay_webhookevent",),
    "payments.reconciliationfinding.explain_action": ("payments.resolve_reconciliationfinding",),
    "notifications.notification.retry_action": ("notifications.retry_notification",),
    "notifications.notification.days_action": ("notifications.view_deliveryattempt",),
}
# Pages behind a button that are read by some and written by fewer: what a POST needs.
WRITTEN = {
    "salons.service.prices_action": ("salons.change_service",),
    "salons.staffservice.grid_action": ("salons.add_staffservice",),
    "salons.weeklyhours.week_action": ("salons.change_weeklyhours",),
}
# The state in which a button is there at all.
STATES = {
    "payments.payment.take_action": {"status": "authorized"},
    "payments.payment.release_action": {"status": "authorized"},
    "payments.payment.accept_action": {"status": "review"},
    "payments.payment.send_back_action": {"status": "review"},
    "payments.payment.close_action": {"status": "review"},
    "payments.refund.carry_out_action": {"status": "approved"},
    "payments.refund.decide_action": {"status": "review"},
    "payments.refund.send_again_action": {"status": "not_applied"},
    "payments.refund.give_up_action": {"status": "not_applied"},
    "notifications.notification.retry_action": {"status": "failed"},
}

# The other addresses of the admin: the answer to a GET and to a POST for somebody who may enter, then for others.
ENTER = ((OPEN, OPEN), (SIGN_IN, SIGN_IN))
POST_ONLY = ((NO_SUCH_METHOD, OPEN), (SIGN_IN, SIGN_IN))
READ = ((OPEN, NO_SUCH_METHOD), (SIGN_IN, SIGN_IN))
NOBODY = ((REFUSED, REFUSED), (SIGN_IN, SIGN_IN))
SITE_PAGES = {
    "index": ENTER,
    "login": ((OPEN, OPEN), (OPEN, OPEN)),
    # Also for whoever waits for the second step.
    "logout": ((NO_SUCH_METHOD, OPEN), (NO_SUCH_METHOD, OPEN)),
    "prove": ENTER,
    "set_up_second_factor": ENTER,
    "account": ENTER,
    "recovery_codes": POST_ONLY,
    "turn_second_factor_off": POST_ONLY,
    "end_sessions": POST_ONLY,
    "password_change": ENTER,
    "password_change_done": READ,
    "jsi18n": READ,
    "search": ENTER,
    "view_on_site": NOBODY,
    "catch_all_view": NOBODY,
}
# Asked with arguments: see `test_admin_matrix`.
ASKED_PAGES = ("autocomplete", "app_list")
# Pages of rows under a name of their own: the right they need.
ROW_PAGES = {"auth_user_password_change": ("accounts.user", "accounts.change_user")}
# Pages over rows of many models, read only: the right they need.
WIDE_PAGES = {"changes": "salons.audit_salon"}

# What the script of a form asks for while somebody types: a POST that stores nothing, and the right it needs.
TOOLS = {"notifications_template_preview": "notifications.add_template|notifications.change_template"}

# What the script of the calendar asks and sends: the one method there is, the right it needs for the visit or the salon
# it names, and what it says; `{Model}` is the key of a row. The page itself names none.
CALENDAR = "bookings_booking_calendar"
DAYS = {"salon": "{Salon}", "day": "2026-11-30", "days": "1"}
STEP = {"booking": "{Booking}", "version": "1"}
SCREENS = {
    f"{CALENDAR}_days": ("GET", "bookings.view_booking", DAYS),
    f"{CALENDAR}_panel": ("GET", "bookings.view_booking", STEP),
    f"{CALENDAR}_move": (
        "POST",
        "bookings.reschedule_booking",
        {**STEP, "staff": "{Staff}", "starts_at": "2026-11-30T12:00"},
    ),
    f"{CALENDAR}_length": ("POST", "bookings.reschedule_booking", {**STEP, "minutes": "30", "reason": "Long hair"}),
    f"{CALENDAR}_walk_in": (
        "POST",
        "bookings.add_booking",
        {"salon": "{Salon}", "phone": "0551112233", "service": "{Service}"},
    ),
}

# Addresses outside admin and API: public, and none shows a row of a salon.
PUBLIC = {"set_language", "schema", "docs", "payment-return", "picture", "healthz", "readyz", "metrics"}
PUBLIC |= {f"storefront-{name}" for name in storefront.PLACES}

# The API: who may call an operation. A method that is not listed does not exist.
ANYBODY, CUSTOMER, OWNER_OF_ROW, MACHINE = "anybody", "customer", "owner of the row", "machine with the secret"
NO_OPERATOR = "customer without a role"
OPERATIONS = {
    "auth-otp-request": {"POST": ANYBODY},
    "auth-otp-verify": {"POST": ANYBODY},
    "auth-token-refresh": {"POST": ANYBODY},
    "auth-logout": {"POST": ANYBODY},
    "me": {"GET": CUSTOMER, "PATCH": CUSTOMER, "DELETE": CUSTOMER},
    "me-phone": {"POST": NO_OPERATOR},
    "me-phone-verify": {"POST": NO_OPERATOR},
    "me-export": {"GET": CUSTOMER},
    "salon-list": {"GET": ANYBODY},
    "salon-detail": {"GET": ANYBODY},
    "salon-services": {"GET": ANYBODY},
    "salon-staff": {"GET": ANYBODY},
    "salon-reviews": {"GET": ANYBODY},
    "salon-slots": {"GET": ANYBODY},
    "booking-list": {"GET": CUSTOMER, "POST": CUSTOMER},
    "booking-quote": {"GET": CUSTOMER},
    "booking-detail": {"GET": OWNER_OF_ROW},
    "booking-calendar": {"GET": OWNER_OF_ROW},
    "booking-cancel": {"POST": OWNER_OF_ROW},
    "booking-reschedule": {"POST": OWNER_OF_ROW},
    "booking-review": {"POST": OWNER_OF_ROW},
    "booking-payment": {"GET": OWNER_OF_ROW, "POST": OWNER_OF_ROW},
    "booking-payment-refresh": {"POST": OWNER_OF_ROW},
    "webhook-moyasar": {"POST": MACHINE},
    "webhook-twilio": {"POST": MACHINE},
    "webhook-unifonic": {"POST": MACHINE},
}


@dataclass(frozen=True)
class Address:
    """One line of the URL configuration. `name` is its last part, or that of its view where it has none."""

    route: str
    name: str
    view: Any


def addresses(patterns=None, prefix: str = "") -> list[Address]:
    """Every address below `patterns` (the whole installation), in the order they are tried."""
    found = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            found += addresses(pattern.url_patterns, route)
        else:
            found.append(Address(route, pattern.name or _view_name(pattern.callback) or "root", pattern.callback))
    return found


def _view_name(view) -> str:
    return "" if hasattr(view, "view_class") else view.__name__


def admin_addresses(site=admin.site) -> list[Address]:
    return addresses(site.urls[0], "admin/")


def api_addresses(patterns=None) -> list[Address]:
    return [address for address in addresses(patterns) if address.route.startswith("api/v1/")]


def buttons(model_admin) -> dict[str, str]:
    """`{name of the method: place}` of every Unfold action of a page."""
    found = {}
    for place in PLACES:
        for action in getattr(model_admin, f"_get_base_actions_{place}")():
            found[action.method.original_function_name] = place
    return found


def operations(schema) -> set[tuple[str, str]]:
    """`{(route, METHOD), …}` of an OpenAPI schema."""
    methods = {"get", "post", "put", "patch", "delete"}
    return {(route, method.upper()) for route, item in schema["paths"].items() for method in item if method in methods}


def unknown_doors(site=admin.site, *, rows=None, patterns=None) -> list[str]:
    """A sentence for each door without a policy; `rows` holds an example row of every model, if that is to be judged.

    `patterns` are those of the API and of the public pages.
    """
    found = []
    policed = {label for rights in POLICY.values() for label in rights}
    own_names = set()
    for model, model_admin in site._registry.items():
        label = model._meta.label_lower
        if label not in policed:
            found.append(f"{label} has a page and no line in POLICY (apps/accounts/roles.py).")
        if rows is not None and model not in rows:
            found.append(f"{label} has a page and no row in every_row() (project/tests/two_salons.py).")
        own_names |= {f"{model._meta.app_label}_{model._meta.model_name}_{page}" for page in MODEL_PAGES}
        for name, place in buttons(model_admin).items():
            own_names.add(f"{model._meta.app_label}_{model._meta.model_name}_{name}")
            if f"{label}.{name}" not in BUTTONS:
                found.append(f"{label}.{name} ({place}) is a button; say in BUTTONS what it needs.")
        for _function, name, _description in model_admin._get_base_actions():
            if name not in LIST_ACTIONS:
                found.append(f"{label}.{name} is an action of the list; say in LIST_ACTIONS which verb it needs.")
    known = {*own_names, *SITE_PAGES, *ASKED_PAGES, *ROW_PAGES, *WIDE_PAGES, *TOOLS, CALENDAR, *SCREENS}
    for address in admin_addresses(site):
        # The nameless one of every model leads from its row's short address to the form.
        if address.name not in known and not _is_short_address(address):
            found.append(f"{address.route} ({address.name}) is a page; say in SITE_PAGES, ROW_PAGES or TOOLS for whom.")
    return found + _unknown_beside_the_admin(patterns)


def _unknown_beside_the_admin(patterns) -> list[str]:
    found = []
    for address in addresses(patterns):
        if address.route.startswith("api/v1/"):
            if address.name not in OPERATIONS:
                found.append(f"{address.route} ({address.name}) is an API address; say in OPERATIONS who calls it.")
        elif not address.route.startswith("admin/") and address.name not in PUBLIC:
            found.append(f"{address.route} ({address.name}) is an address of no table; say in PUBLIC what it shows.")
    return found


def _is_short_address(address: Address) -> bool:
    return address.name == "root" and address.route.endswith("/<path:object_id>/")
