"""Repeating a POST that books or pays is safe: one key, one effect, one answer.

    class BookingList(APIView):
        @idempotent
        def post(self, request): ...

The client names its attempt in the header `Idempotency-Key` and sends the same key when it tries again.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.errors import IdempotencyKeyRequired, IdempotencyKeyReused, RequestInProgress
from apps.accounts.models import IdempotencyKey
from apps.common.api.schema import refuses
from apps.common.history import insert_unless
from apps.common.locks import try_lock
from apps.common.metrics import REPLAYS
from apps.common.statements import compiled
from apps.common.transactions import use_case

# Longer than a worker may live with one request: until then a silent twin may still be writing.
LEASE = timedelta(seconds=60)
LONGEST_KEY = 128
ONCE_PER_PERSON = "accounts_idempotency_key_once_per_person"
HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    required=True,
    description="Names this attempt (1 to 128 printable characters). Send the same one when you try again.",
)

Handler = Callable[..., Response]


def idempotent(handler: Handler | None = None, *, atomic: bool = True) -> Any:
    """Decorate a POST handler of a view for signed-in people so that a repeat changes nothing.

    A repeat of a finished request gets its status and body again, with the header `Idempotent-Replayed: true`.
    Answers 400 `idempotency_key_required`, 422 `idempotency_key_reused` (another address or body) and 409
    `request_in_progress` (a twin runs). An error is no final answer: the key is free again.

    The key, the effect and the answer are stored in one transaction, or none of them. `atomic=False` is for a handler
    that calls a gateway: it keeps its own short transactions and must pick up where a killed run of the same key
    stopped; its key is leased beforehand.
    """
    if handler is None:
        return functools.partial(idempotent, atomic=atomic)
    run = _run_in_one_transaction if atomic else _run_under_lease

    @refuses(IdempotencyKeyRequired(), RequestInProgress(), IdempotencyKeyReused())
    @extend_schema(parameters=[HEADER])
    @functools.wraps(handler)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        return run(_identity(request), lambda: handler(view, request, *args, **kwargs))

    return wrapped


def _identity(request: Request) -> dict[str, Any]:
    """Whose attempt it is, its key, and what was asked for."""
    key = request.headers.get("Idempotency-Key", "")
    if not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise IdempotencyKeyRequired
    return {
        "user": request.user,
        "key": key,
        "method": request.method or "",
        "path": request.path,
        "body_hash": _body_hash(request.data),
    }


@use_case
def _run_in_one_transaction(identity: dict[str, Any], handler: Callable[[], Response]) -> Response:
    if not try_lock(("idempotency key", f"{identity['user'].pk} {identity['key']}")):
        raise RequestInProgress
    earlier = _earlier.first(user=identity["user"].pk, key=identity["key"])
    if earlier is not None:
        _ensure_same(earlier, identity)
        return _replay(earlier)

    response = handler()

    if not insert_unless(IdempotencyKey(**identity, **_answer(response)), rule=ONCE_PER_PERSON):
        raise RequestInProgress
    return response


@compiled
def _earlier(*, user, key):
    return IdempotencyKey.objects.filter(user=user, key=key).order_by()


def _run_under_lease(identity: dict[str, Any], handler: Callable[[], Response]) -> Response:
    claim = _claim(identity)
    if claim.response_status is not None:
        return _replay(claim)
    try:
        response = handler()
        _finish(claim, response)
    except BaseException:
        _leased(claim).delete()
        raise
    return response


def _claim(identity: dict[str, Any]) -> IdempotencyKey:
    """The row of this key, leased to us, or finished. Committed before the handler starts."""
    until = timezone.now() + LEASE
    row, created = IdempotencyKey.objects.get_or_create(
        user=identity["user"], key=identity["key"], defaults={**identity, "locked_until": until}
    )
    if created:
        return row
    _ensure_same(row, identity)
    if row.response_status is None and not _take_over(row, until):
        raise RequestInProgress
    return row


def _finish(claim: IdempotencyKey, response: Response) -> None:
    if not _leased(claim).update(**_answer(response), locked_until=None):
        raise RequestInProgress


def _ensure_same(row: IdempotencyKey, identity: dict[str, Any]) -> None:
    if any(getattr(row, name) != identity[name] for name in ("method", "path", "body_hash")):
        raise IdempotencyKeyReused


def _take_over(row: IdempotencyKey, until: Any) -> bool:
    """Whether the lease of a run that died passed to us; of several who try, one succeeds."""
    if row.locked_until is not None and row.locked_until > timezone.now():
        return False
    taken = _leased(row).update(locked_until=until)
    row.locked_until = until
    return bool(taken)


def _leased(row: IdempotencyKey) -> Any:
    """The row while nobody took it over: the end of the lease tells its holders apart."""
    return IdempotencyKey.objects.filter(pk=row.pk, locked_until=row.locked_until, response_status__isnull=True)


def _answer(response: Response) -> dict[str, Any]:
    # Kept as the very text, because jsonb would sort the keys of the answer.
    return {
        "response_status": response.status_code,
        "response_body": JSONRenderer().render(response.data).decode(),
    }


def _replay(row: IdempotencyKey) -> Response:
    REPLAYS.inc()
    data = json.loads(row.response_body) if row.response_body else None
    return Response(data, status=row.response_status, headers={"Idempotent-Replayed": "true"})


def _body_hash(data: Any) -> str:
    """Of the meaning of the body: spaces and the order of fields do not make it another request."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
