"""How often something may happen, counted where all processes of this installation can see it."""

import ipaddress
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from apps.common.errors import DomainError, RateLimited, Unavailable


@contextmanager
def counted(key: str, *, limit: int, window: timedelta) -> Iterator[None]:
    """Count one use of `key` before the block and give it back if the block refuses.

    Raises RateLimited when `limit` uses in this `window` are spent, and Unavailable when the counter cannot be
    reached: a limit that cannot be checked is not open. One atomic increment decides, so parallel calls cannot
    pass together. The counters live in the cache: several worker processes need `CACHE_URL` to share them.
    """
    seconds = int(window.total_seconds())
    number, elapsed = divmod(timezone.now().timestamp(), seconds)
    counter = f"limit:{key}:{number:.0f}"
    if _change(counter, 1, keep=2 * seconds) > limit:
        _change(counter, -1, keep=2 * seconds)
        raise RateLimited(retry_after=math.ceil(seconds - elapsed))
    try:
        yield
    except DomainError:
        _change(counter, -1, keep=2 * seconds)
        raise


def _change(counter: str, step: int, *, keep: int) -> int:
    try:
        cache.add(counter, 0, timeout=keep)
        return int(cache.incr(counter, step))
    except (RedisError, OSError) as error:
        raise Unavailable from error


def address_range(address: str) -> str:
    """The neighbourhood that counts as one sender: `203.0.113.0/24`, an IPv6 /64, or `unknown`."""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False))
