"""The project's addresses and one more, which does nothing: what a call costs before anything is done for it."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from project.urls import urlpatterns as ours


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


urlpatterns = [path("bare/", bare), *ours]
