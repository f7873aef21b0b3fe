"""Where a request came from, as far as it is believed and no closer than it is needed."""

import ipaddress
from typing import Any

from rest_framework.throttling import BaseThrottle

# Of whoever has no address, such as a command.
UNKNOWN = "unknown"
# The longest is an IPv6 range, "2001:db8:1234:5678::/64".
NETWORK_LENGTH = 43


def network_of(request: Any) -> str:
    """The network a request (Django's or REST framework's) came from, believing `TRUSTED_PROXY_COUNT` proxies."""
    return network_around(BaseThrottle().get_ident(request) or "")


def network_around(address: str) -> str:
    """The neighbourhood that counts as one sender: `203.0.113.0/24`, an IPv6 /64, or `unknown`."""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        return UNKNOWN
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False))
