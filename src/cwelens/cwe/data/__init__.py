"""The packaged catalogue: MITRE's CWE 4.19.1, condensed (JSON), and the index derived from it (TSV).

`importlib.resources` would do the same for a wheel, an editable install and a zip file, but importing it takes
20 ms, more than a whole catalogue look-up is allowed to.
"""

from __future__ import annotations

from typing import Protocol, cast

SOURCE = "cwe-4.19.1.json"
INDEX = "cwe-4.19.1.index.tsv"


class _DataLoader(Protocol):
    def get_data(self, path: str) -> bytes: ...


def read(name: str) -> str:
    """The text of the packaged file called `name` (`SOURCE` or `INDEX`); `OSError` if the installation lacks it."""
    loader = cast("_DataLoader", __spec__.loader)
    return loader.get_data(f"{__path__[0]}/{name}").decode("utf-8")
