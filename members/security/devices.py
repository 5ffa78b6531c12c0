"""What a browser and its network are called on the pages of their owner: recognisable, and no more."""

import ipaddress

BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
"""Words in what a browser says of itself, the more telling first: most of them name others as well."""

SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "Mac",
    "Linux": "Linux",
}
IPV6_KEPT = 48
"""How many bits of a long address are kept: enough to tell home from abroad, too few to name a person."""


def device_name(user_agent: str) -> str:
    """Return what a browser is called, such as `Firefox · Windows`; empty when it does not say."""
    names = (
        next((name for word, name in words.items() if word in user_agent), "")
        for words in (BROWSERS, SYSTEMS)
    )
    return " · ".join(filter(None, names))


def network_of(address: str) -> str:
    """Return the beginning of a network address, such as `192.0.2.x` or `2001:db8:1:x`."""
    try:
        whole = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(whole, ipaddress.IPv6Address):
        kept = ipaddress.IPv6Network((whole, IPV6_KEPT), strict=False).network_address
        return ":".join(part.lstrip("0") or "0" for part in kept.exploded.split(":")[:3]) + ":x"
    return ".".join(str(whole).split(".")[:3]) + ".x"
