"""The one page of the storefront. What it shows comes from the public API, so nothing personal stands in it."""

from csp.decorators import csp_replace
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# Neither inline scripts nor inline styles, no `eval`: stricter than the back office, whose libraries need both.
STRICT = {"script-src": ["'self'"], "style-src": ["'self'"]}


@require_safe
# Shown again at once by "back", which `no-store` would forbid; anew it is asked for every time.
@cache_control(no_cache=True)
@csp_replace(STRICT)
def page(request, **_place):
    """The same HTML for every address, in the reader's language, whose texts come along."""
    return render(request, "storefront/page.html", {"texts": f"src/i18n/{request.LANGUAGE_CODE}.ts"})
