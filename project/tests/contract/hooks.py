"""Loaded by Schemathesis: each call comes from a network of its own, so that no limit of one sender ends the tour."""

from secrets import randbelow
from typing import Any

import schemathesis


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    case.headers = {**(case.headers or {}), "X-Forwarded-For": f"10.{randbelow(256)}.{randbelow(256)}.1"}
