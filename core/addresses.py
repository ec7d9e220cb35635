"""Which network addresses a page may lead us to: public ones, however they are spelled.

A page, a playlist or a redirect is foreign input; it must not make us ask the owner's router.
Cases and reasons: RFC 6890 and the spellings that other programs fell for.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
# Local NAT64 (RFC 8215), site-local (RFC 3879), documentation (RFC 9637): not all in `ipaddress` yet.
_NEVER = tuple(map(IPv6Network, ("64:ff9b:1::/48", "fec0::/10", "3fff::/20")))


def is_literal(host: str) -> bool:
    """Whether a host is an address already, in its usual spelling."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an IP literal, with or without a zone, is a public unicast address.

    IPv6 forms that carry an IPv4 address (mapped, compatible, NAT64, 6to4) count as what they
    carry; Teredo never is public. Anything that is no IP literal is not public.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.teredo is not None or any(ip in network for network in _NEVER):
            return False
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and (ip in _NAT64 or ip in _COMPATIBLE):
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
