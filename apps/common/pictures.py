"""Pictures people upload: decoded, made small and written anew, so that nothing of the file itself is ever served."""

import warnings
from io import BytesIO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from apps.common.errors import Rejected

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 82


def rewritten(content: bytes, *, longest: int) -> bytes:
    """`content` (a JPEG, PNG or WebP, by what it holds) as a WebP of at most `longest` pixels a side.

    Upright, of an animation the first frame, without metadata. Raises Rejected `picture_too_large`, `picture_invalid`.
    """
    if len(content) > MOST_BYTES:
        raise Rejected(_("A picture has at most 5 MB."), code="picture_too_large")
    try:
        return _rewritten(content, longest)
    except Rejected:
        raise
    except Exception as error:
        raise Rejected(
            _("This file is no picture we can read. Choose a JPEG, PNG or WebP."), code="picture_invalid"
        ) from error


def _rewritten(content: bytes, longest: int) -> bytes:
    with warnings.catch_warnings():
        # Its own alarm comes from twice our limit on, as a warning first.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(BytesIO(content), formats=FORMATS)
    # Said by the head of the file, before a single pixel is decoded.
    if image.width * image.height > MOST_PIXELS:
        raise Rejected(_("A picture has at most 40 million pixels."), code="picture_too_large")
    image.draft("RGB", (longest, longest))
    image.load()
    upright = ImageOps.exif_transpose(image)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    small = upright.convert(mode)
    small.thumbnail((longest, longest))
    # Pixels only: what else the file said stays behind.
    clean = Image.new(mode, small.size)
    clean.paste(small)
    written = BytesIO()
    clean.save(written, "WEBP", quality=QUALITY)
    return written.getvalue()
