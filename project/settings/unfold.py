"""Names, colours and dotted paths of the admin's look. No logic and no queries."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

# Rose on warm sand, the colours of the logo. Lightness falls evenly: 600 carries white text.
PRIMARY = {
    "50": "oklch(97.3% .012 358)",
    "100": "oklch(94.7% .027 358)",
    "200": "oklch(89.5% .055 358)",
    "300": "oklch(81.8% .099 358)",
    "400": "oklch(71.2% .152 358)",
    "500": "oklch(60.4% .182 358)",
    "600": "oklch(51.6% .178 358)",
    "700": "oklch(44.8% .157 358)",
    "800": "oklch(38.6% .131 358)",
    "900": "oklch(33.6% .109 358)",
    "950": "oklch(23.4% .077 358)",
}
BASE = {
    "50": "oklch(98.5% .003 85)",
    "100": "oklch(96.6% .004 85)",
    "200": "oklch(92.4% .006 85)",
    "300": "oklch(86.8% .008 85)",
    "400": "oklch(70.8% .012 80)",
    "500": "oklch(54.8% .014 75)",
    "600": "oklch(44.2% .013 70)",
    "700": "oklch(37.1% .012 65)",
    "800": "oklch(27.4% .01 60)",
    "900": "oklch(21.4% .008 60)",
    "950": "oklch(14.6% .006 60)",
}
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Salon back office"),
    "SITE_HEADER": _("Salon back office"),
    "SITE_SUBHEADER": _("Bookings, payments and messages"),
    "SITE_ICON": "project.admin_site.assets.logo",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "project.admin_site.assets.favicon"}],
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": BASE, "primary": PRIMARY},
    "ENVIRONMENT": "project.admin_site.environment.environment_label",
    "DASHBOARD_CALLBACK": "project.admin_site.dashboard.dashboard_callback",
    "ACCOUNT": {
        "navigation": [
            {"title": _("Account and security"), "link": reverse_lazy("admin:account")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "project.admin_site.navigation.sidebar",
    },
    # Unfold's own palette caches per person and term, whatever salon or language is current: ours takes its place.
    "COMMAND": {"search_models": False, "show_history": False},
    "LOGIN": {"form": "project.admin_site.login.LoginForm"},
    "STYLES": [
        "project.admin_site.assets.fonts_css",
        "project.admin_site.assets.admin_css",
        "project.admin_site.assets.search_css",
    ],
    "SCRIPTS": [
        "project.admin_site.assets.rtl_icons_js",
        "project.admin_site.assets.reachable_js",
        "project.admin_site.assets.search_js",
    ],
}
