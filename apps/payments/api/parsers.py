import json
import math

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.utils.json import strict_constant

from apps.common.api.exceptions import BodyTooLarge

LONGEST_BODY = 1024 * 1024
DEEPEST = 32


class EventParser(BaseParser):
    """JSON from strangers: bounded in size and depth before anything is done with it, and fit for every database."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        # A body is parsed only where a length was told; one too long is refused before it was even sent.
        if int(parser_context["request"].META["CONTENT_LENGTH"]) > LONGEST_BODY:
            raise BodyTooLarge
        body = stream.read(LONGEST_BODY + 1)
        if len(body) > LONGEST_BODY:
            raise BodyTooLarge
        try:
            return _storable(json.loads(body.decode(), parse_constant=strict_constant))
        except (ValueError, RecursionError) as error:
            raise ParseError from error


def _storable(value, depth=0):
    """The value without what a JSON column refuses: NUL, halves of letters, infinite numbers. Raises ValueError."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\x00", "")
    if isinstance(value, dict):
        return {_storable(key): _storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
