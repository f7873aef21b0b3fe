"""The project's addresses and those of the partners, which the server of the benchmark has besides."""

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, resolve
from django.views.decorators.csrf import csrf_exempt

from apps.common.api.kept import shelf
from project.bench.partners.plain_api import PlainBookings, PlainServices
from project.urls import urlpatterns as ours


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    """What a call costs before anything is done for it."""
    return HttpResponse(str(len(request.body)))


def uncached(request: HttpRequest, address: str) -> HttpResponseBase:
    """The view of ours at `address`, in a process that remembers nothing."""
    forget_everything()
    view = resolve(f"/{address}")
    answer: HttpResponseBase = view.func(request, *view.args, **view.kwargs)
    return answer


def forget_everything() -> None:
    """Whatever keeps answers in this process or in the cache forgets them."""
    cache.clear()
    shelf.forget()


# Below `api/`, because the middleware tells callers of the API from readers of pages by that.
urlpatterns = [
    path("bare/", bare),
    path("api/uncached/<path:address>", uncached),
    path("api/plain/bookings/", PlainBookings.as_view()),
    path("api/plain/services/", PlainServices.as_view()),
    *ours,
]
