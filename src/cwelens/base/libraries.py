"""Script libraries of pages: versions with weaknesses that were published, and what a file of such a library says of itself.

The versions are those of the advisories in the GitHub Advisory Database for the npm packages of the same names.
"""

from __future__ import annotations

import re

_NAMES = "jquery|bootstrap|lodash|moment|handlebars|angular"
# The first version of each library without a weakness that was published for it, by its main line where several are kept.
_SOUND: dict[str, tuple[tuple[int, int, int], ...]] = {
    "jquery": ((3, 5, 0),),
    "bootstrap": ((3, 4, 1), (4, 3, 1)),
    "lodash": ((4, 17, 21),),
    "moment": ((2, 29, 4),),
    "handlebars": ((4, 7, 7),),
    "angular": ((1, 8, 0),),
}
# `jquery-3.7.1.slim.min.js`, `bootstrap.bundle.min.js`: the library itself, no plug-in of it.
_FILE = re.compile(
    rf"^({_NAMES})(?:\.?js)?(?:[-_.]v?(\d+\.\d+\.\d+))?(?:[-_.](?:slim|bundle|min|core|full))*\.js$",
    re.IGNORECASE,
)
_SAYS = re.compile(r"\bv?(\d+\.\d+\.\d+)\b")
# What a file says of itself stands in its first lines.
HEAD = 600


def library_of(file_name: str) -> str:
    """The library that a file is by its name, in lower case; "" for any other file."""
    found = _FILE.match(file_name)
    return found.group(1).lower() if found else ""


def version_of(file_name: str, head: str) -> str:
    """The version of a file of a library, by its name or its first lines; "" where neither tells."""
    named = _FILE.match(file_name)
    if named is None:
        return ""
    if named.group(2):
        return named.group(2)
    said = re.search(rf"\b{named.group(1)}(?:\.?js)?\b(.{{0,80}})", head[:HEAD], re.IGNORECASE | re.DOTALL)
    found = _SAYS.search(said.group(1)) if said else None
    return found.group(1) if found else ""


def mended_in(library: str, version: str) -> str:
    """The version in which the last published weakness of this one was mended; "" where none is known of it."""
    numbers = tuple(int(part) for part in version.split("."))
    wanted = next((line for line in _SOUND.get(library, ()) if line[0] >= numbers[0]), None)
    return ".".join(map(str, wanted)) if wanted is not None and numbers < wanted else ""
