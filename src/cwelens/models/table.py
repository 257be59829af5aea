"""The page that lists what is modelled, `docs/model-library.md`, made from the model files.

`python -m cwelens.models.table [page]` writes it; a test holds the page against `render`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cwelens.models import store
from cwelens.models.schema import ROWS, ModelError, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cwelens.models.vocabulary import Concept, Vocabulary

PAGE = Path("docs/model-library.md")
_HEAD = """# Modelled libraries

Made by `python -m cwelens.models.table` from the files in `src/cwelens/models/library/`; [models.md](models.md) says what the rows mean.
"""


def render(files: list[store.File], vocabulary: Vocabulary) -> str:
    """The page: rows by library and kind, then the names and libraries behind each concept."""
    rows = [entry.row for file in files for entry in file.entries]
    names = {name for row in rows for name in row.names}
    total = f"{len(files)} files, {len(rows)} rows, {len(names)} names."
    return "\n".join(
        [_HEAD, total, "", *_libraries(files), "", "## By concept", "", *_concepts(rows, vocabulary), ""]
    )


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
        page.write_text(render(store.read_files(vocabulary=vocabulary), vocabulary), encoding="utf-8")
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
