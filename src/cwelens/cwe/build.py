"""Derive the index the package loads from the catalogue it ships: `python -m cwelens.cwe.build`.

Reading the JSON takes 15 ms, the index under 1 ms: it is one line per entry, taken apart only when the entry
is asked for. Run this after replacing the JSON; a test fails while the index is stale.

The first line is the catalogue's version. The columns after it are: id, kind (W, C or V), abstraction,
status, mapping usage, reasons (`;`), suggestions (`,`), parents of a weakness in view 1000 or members of a
group (`,`), weaknesses it can precede (`,`), alternate terms (`;;`), name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cwelens.cwe import data


def index_of(source: str) -> str:
    """The index for the catalogue in `source`, the text of the packaged JSON file."""
    catalogue = json.loads(source)
    lines = [catalogue["version"]]
    for kind, section in (("W", "weaknesses"), ("C", "categories"), ("V", "views")):
        lines += [_line(number, kind, entry) for number, entry in catalogue[section].items()]
    return "\n".join(lines) + "\n"


def _line(number: str, kind: str, entry: dict[str, Any]) -> str:
    mapping = entry["mapping"]
    columns = [
        number,
        kind,
        entry.get("abstraction", ""),
        entry["status"],
        mapping["usage"],
        ";".join(mapping["reasons"]),
        ",".join(map(str, mapping["suggest"])),
        ",".join(map(str, entry["parents"] if kind == "W" else entry["members"])),
        ",".join(map(str, entry.get("precedes", ()))),
        ";;".join(entry.get("alternate_terms", ())),
        entry["name"],
    ]
    if any("\t" in column or "\n" in column for column in columns):
        raise ValueError(f"entry {number} holds a tab or a newline, which the index uses as separators")
    return "\t".join(columns)


def main() -> None:
    """Write the index beside the JSON it is derived from."""
    target = Path(data.__path__[0]) / data.INDEX
    target.write_text(index_of(data.read(data.SOURCE)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
