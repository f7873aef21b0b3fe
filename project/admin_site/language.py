"""The switch of languages: remembered by the browser, and for whoever is signed in by their account."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST
from django.views.i18n import LANGUAGE_QUERY_PARAMETER
from django.views.i18n import set_language as set_cookie

from apps.accounts.services import update_profile
from apps.accounts.sessions import owes_second_factor


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """As Django's, and the choice outlives the browser: the next sign-in of this person begins with it."""
    language = request.POST.get(LANGUAGE_QUERY_PARAMETER)
    is_in = request.user.is_authenticated and not owes_second_factor(request)
    if is_in and language in dict(settings.LANGUAGES):
        update_profile(user=request.user, actor=request.user, locale=language)
    return set_cookie(request)


def forget_language(response: HttpResponse) -> HttpResponse:
    """`response`, after which the browser has no language of its own: whoever signs in next has theirs."""
    response.delete_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
    return response
