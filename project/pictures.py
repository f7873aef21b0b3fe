"""Serves uploaded pictures: files we wrote ourselves, under names nobody guesses, as what they are and nothing else."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.views.decorators.http import require_safe

A_YEAR = 365 * 24 * 3600


@require_safe
def picture(request, name):
    """The WebP called `name`; a replaced picture has another name, so a browser keeps this one for good."""
    try:
        opened = default_storage.open(f"{name}.webp")
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {
        "Cache-Control": f"public, max-age={A_YEAR}, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return FileResponse(opened, content_type="image/webp", headers=headers)
