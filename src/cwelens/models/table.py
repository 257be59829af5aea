"""The page that lists what is modelled, `docs/model-library.md`, made from the model files.

`python -m cwelens.models.table [page]` writes it, and `docs/concepts.md`, the vocabulary, beside it; tests hold both pages against what they are made from.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from cwelens.models import index, lock, store, verify
from cwelens.models.schema import ROWS, ModelError, Row
from cwelens.models.versions import standard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cwelens.models.vocabulary import Concept, Vocabulary

PAGE = Path("docs/model-library.md")
_HEAD = """# Modelled libraries

Made by `python -m cwelens.models.table` from the files in `src/cwelens/models/library/`; [models.md](models.md) says what the rows mean.
"""
WORDS_PAGE = Path("docs/concepts.md")
_WORDS = """# The vocabulary of models

Made by `python -m cwelens.models.table` from `src/cwelens/models/concepts.toml`; [models.md](models.md) says how rows use it, [model-library.md](model-library.md) which
libraries have which concept."""
_KINDS = (
    ("Untrusted, from far", "untrusted", "remote"),
    ("Untrusted, on the machine (`--threat-model local`)", "untrusted", "local"),
    ("Untrusted, stored earlier (`--threat-model stored`)", "untrusted", "stored"),
    ("Dangerous with an untrusted value", "dangerous", ""),
    ("Weak by itself", "weak", ""),
)
_HELD = """## Held against

Every name and port is held against the library it is of (`python -m cwelens.models.verify --write-lock`, then `tests/models/test_lock.py`). `ok`: found, with
each port; `trait`: a name that models use among themselves; `elsewhere`: another version or platform has it; `not installed`: could not be
asked for; `unlocked`: not asked for yet.
"""


def render(files: list[store.File], vocabulary: Vocabulary, held: Iterable[str] = ()) -> str:
    """The page: rows by library and kind, then the names and libraries behind each concept, then the lines of `held`."""
    rows = [entry.row for file in files for entry in file.entries]
    names = {name for row in rows for name in row.names}
    total = f"{len(files)} files, {len(rows)} rows, {len(names)} names."
    return "\n".join(
        [
            _HEAD,
            total,
            "",
            *_libraries(files),
            "",
            "## By concept",
            "",
            *_concepts(rows, vocabulary),
            "",
            *held,
        ]
    )


def words(vocabulary: Vocabulary) -> str:
    """The page of the words that models are written in: concepts by kind, contexts and character sets."""
    lines = [_WORDS]
    for title, kind, threat in _KINDS:
        lines += ["", f"## {title}", "", *_head(["concept", "what it is"])]
        concepts = [c for c in vocabulary.concepts.values() if (c.kind, c.threat) == (kind, threat)]
        lines += [_line([f"`{concept.name}`", concept.description]) for concept in concepts]
    lines += ["", "## Contexts", "", "What a neutraliser or a guard makes a value safe for.", ""]
    lines += _head(["context", "what it is"])
    lines += [_line([f"`{name}`", text]) for name, text in vocabulary.contexts.items()]
    lines += [
        "",
        "## Character sets",
        "",
        "What a value made of them can hold.",
        "",
        *_head(["set", "characters"]),
    ]
    for name, chars in vocabulary.chars.items():
        lines.append(_line([f"`{name}`", f"`{''.join(sorted(chars)).replace('|', chr(92) + '|')}`"]))
    return "\n".join([*lines, ""])


def versions(files: list[store.File], models: index.Models, held: lock.Lock) -> str:
    """The table of what rows were held against: per file the version of each library, and how many names were found how."""
    types = verify.types_of(files)
    shown: tuple[verify.Status, ...] = ("ok", "trait", "elsewhere", "not installed", "unlocked")
    lines = _head(["file", "held against", *shown])
    for file in files:
        counts = Counter(answer.status for answer in verify.verify(file, models, types, held))
        used = dict.fromkeys(
            held.versions.get(top, f"Python {'.'.join(map(str, held.python))}" if standard(top) else "")
            for top in sorted(file.packages)
        )
        lines.append(
            _line(
                [file.name, ", ".join(filter(None, used)), *(str(counts[status] or "") for status in shown)]
            )
        )
    return "\n".join(lines)


def _libraries(files: list[store.File]) -> Iterator[str]:
    kinds = [kind.TABLE for kind in ROWS]
    yield from _head(["library", "packages", "rows", *kinds])
    for file in sorted(files, key=lambda file: file.library.lower()):
        counts = [sum(kind == entry.row.TABLE for entry in file.entries) for kind in kinds]
        title = f"[{file.library}]({file.doc})" if file.doc else file.library
        packages = " ".join(f"`{package}`" for package in file.packages)
        yield _line([title, packages, str(sum(counts)), *(str(count or "") for count in counts)])


def _concepts(rows: list[Row], vocabulary: Vocabulary) -> Iterator[str]:
    yield from _head(["concept", "what it is", "names", "libraries"])
    for concept in vocabulary.concepts.values():
        about = [row for row in rows if _speaks_of(row, concept)]
        names = {name for row in about for name in row.names}
        libraries = sorted({row.library for row in about}, key=str.lower)
        yield _line([f"`{concept.name}`", concept.description, str(len(names) or ""), ", ".join(libraries)])


def _speaks_of(row: Row, concept: Concept) -> bool:
    return concept.name in (getattr(row, field, None) for field in ("concept", "params", "response"))


def _head(cells: list[str]) -> list[str]:
    return [_line(cells), _line(["---"] * len(cells))]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("  ", " ")


def main(arguments: list[str]) -> int:
    page = Path(arguments[0]) if arguments else PAGE
    try:
        vocabulary = store.read_vocabulary()
        files = store.read_files(vocabulary=vocabulary)
        held = [_HELD, versions(files, index.load(), lock.Lock.read()), ""]
        page.write_text(render(files, vocabulary, held), encoding="utf-8")
        page.with_name(WORDS_PAGE.name).write_text(words(vocabulary), encoding="utf-8")
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
