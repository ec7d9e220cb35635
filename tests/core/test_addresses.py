"""Which addresses a page may lead us to."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anidana.core.addresses import is_public

PRIVATE_4 = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("address", PRIVATE_4)
def test_no_private_address_is_public_however_ipv6_carries_it(address: str) -> None:
    number = int(IPv4Address(address))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    assert not is_public(address)
    for carried in (
        f"::ffff:{address}",
        f"::ffff:{high}:{low}",
        f"::{address}",
        f"64:ff9b::{high}:{low}",
        f"2002:{high}:{low}::1",
    ):
        assert not is_public(carried), carried


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "64:ff9b:1::808:808",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "3fff::1",
        "100::1",
    ],
)
def test_no_special_ipv6_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "127.0.0.1.",
        "localhost",
        "8.8.8.8:80",
        "8.8.8.8/8",
        "",
    ],
)
def test_what_is_no_ip_literal_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "2606:4700:4700::1111",
        "2606:4700::1%eth0",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_public_addresses_pass_in_every_spelling(address: str) -> None:
    assert is_public(address)


@given(st.text(max_size=60))
def test_any_text_has_an_answer(address: str) -> None:
    assert is_public(address) in (True, False)
