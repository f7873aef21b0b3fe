import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class BoundedJSONParser(JSONParser):
    """JSON that every later step can carry: not nested without end, and only text that UTF-8 can write.

    Python accepts a lone surrogate (`"\\ud800"`) in JSON, but no database, log or answer can hold it.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError) as error:
            raise ParseError(_("The body is nested too deep or holds text that is not valid Unicode.")) from error
        except ParseError as error:
            # The framework's detail quotes Python's English complaint; its default is translated.
            raise ParseError from error
        return data
