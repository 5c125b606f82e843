"""Where a request comes from: which machine, and a page of which site."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from sensorium.serving import keys
from sensorium.serving.refusal import Refused

PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
LOCAL_NAMES = ("localhost", "ip6-localhost")
NO_KEYS = (
    f"this service has no API keys and so answers its own machine only; set {keys.VARIABLE} (`sensorium key NAME` "
    "makes one)"
)


def require_loopback(scope: Scope, headers: Headers) -> None:
    """Refuses what does not come from this machine: directly, through a proxy, or by a name that leads here.

    Raises:
        Refused: with a sentence.
    """
    client = (scope.get("client") or ("", 0))[0]
    if not _is_loopback(client) or any(name in headers for name in PROXIES):
        raise Refused(401, NO_KEYS)
    host = getattr(_split(f"//{headers.get('host', '')}"), "hostname", None) or ""
    if host not in LOCAL_NAMES and not _is_loopback(host):
        raise Refused(401, NO_KEYS)


def require_same_site(headers: Headers) -> None:
    """Refuses what a web page of another site sends.

    Raises:
        Refused: with a sentence.
    """
    origin = headers.get("origin")
    if origin and getattr(_split(origin), "netloc", None) != headers.get("host"):
        raise Refused(403, "pages of other sites may not use this service")


def _split(address: str) -> SplitResult | None:
    """The parts of an address; ``None`` if it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
