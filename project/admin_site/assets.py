"""Addresses of our own static files, resolved per request because hashed names are known only then."""

from django.http import HttpRequest
from django.templatetags.static import static


def fonts_css(request: HttpRequest) -> str:
    return static("project/css/fonts.css")


def admin_css(request: HttpRequest) -> str:
    return static("project/css/admin.css")


def search_css(request: HttpRequest) -> str:
    return static("project/css/search.css")


def search_js(request: HttpRequest) -> str:
    return static("project/js/search.js")


def rtl_icons_js(request: HttpRequest) -> str:
    return static("project/js/rtl-icons.js")


def reachable_js(request: HttpRequest) -> str:
    return static("project/js/reachable.js")


def logo(request: HttpRequest) -> str:
    return static("project/img/logo.svg")


def favicon(request: HttpRequest) -> str:
    return static("project/img/favicon.svg")
