"""Parameters whose own name says that somebody outside gives them: `user_input`, `untrusted_path`, `attackerUrl`."""

from __future__ import annotations

import re

# The concept of the origin of such a parameter; that of any other is "parameter".
DECLARED = "declared input"
_SPOKEN = re.compile(
    r"(?:^|_)(?:(?:user|client|customer|visitor|external|remote|raw)_?(?:input|supplied|provided|controlled|submitted)"
    r"|untrusted|tainted|attacker|malicious|unsanitized|unsanitised|unescaped)(?:_|$|\d)"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def declared_input(name: str) -> bool:
    """Whether a name declares what it holds to be input of somebody who is not trusted."""
    return _SPOKEN.search(_HUMP.sub("_", name).lower()) is not None
