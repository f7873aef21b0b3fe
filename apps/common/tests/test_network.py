"""Which network an address counts for."""

import pytest

from apps.common.network import network_around


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        (" 203.0.113.255", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8:ffff:ffff::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("localhost", "unknown"),
        ("203.0.113.7:8080", "unknown"),
        ("' OR 1=1", "unknown"),
    ],
)
def test_an_address_counts_for_its_neighbourhood(address, expected):
    assert network_around(address) == expected
