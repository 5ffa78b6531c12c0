"""How addresses are shown to somebody who may be reading over a shoulder."""


def masked_address(email: str) -> str:
    """Return an e-mail address of which the name is mostly hidden: a…e@example.com."""
    name, _, host = email.partition("@")
    return f"{name[:1]}…{name[-1:] if len(name) > 2 else ''}@{host}"  # noqa: PLR2004 - short names show one letter
