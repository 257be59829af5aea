"""Which characters the variable parts of a route can hold, where the route is a regular expression (`(?P<number>[0-9]+)`)."""

from __future__ import annotations

from cwelens.base.regex.admits import admits


def groups(path: str) -> dict[str, int]:
    """The named groups of a route that is a regular expression, with the characters each can hold."""
    if "(?P<" not in path:
        return {}
    found = admits(path, 0, "match")
    if found is None:
        return {}
    return {name: mask for name, mask in found.groups.items() if isinstance(name, str)}
