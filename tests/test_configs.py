"""Configuration files beside the code: what is read of them, what is reported, and their safe twins."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwelens import review
from cwelens.base.source import Source
from cwelens.syntax.configs.reader import kind_of, parse

Found = list[tuple[str, int, int]]


def _review(folder: Path, name: str, text: str) -> Found:
    """(file, line, CWE) of what is found in one configuration file beside a harmless module."""
    (folder / "app.py").write_text("print('open')\n", encoding="utf-8")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    result = review(paths=[folder])
    root = f"{folder.as_posix()}/"
    return [(f.location.path.removeprefix(root), f.location.line, f.cwe) for f in result.findings]


BAD = [
    (".env", "# of the shop\nexport SHOP_NAME=Heron\nDB_PASSWORD='on-thin-ice-7'\n", 3, 259),
    (
        "docker-compose.yml",
        "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: on-thin-ice-7\n",
        4,
        259,
    ),
    ("compose.yaml", "services:\n  web:\n    environment:\n      - API_TOKEN=9f86d081884c7d65\n", 4, 798),
    ("compose.yaml", "services:\n  web:\n    privileged: true\n", 3, 250),
    (
        "compose.yaml",
        "services:\n  web:\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n",
        4,
        250,
    ),
    ("compose.yaml", "services:\n  db:\n    environment:\n      MYSQL_ALLOW_EMPTY_PASSWORD: 'yes'\n", 4, 258),
    ("config.yaml", "database:\n  user: shop\n  password: on-thin-ice-7\n", 3, 259),
    ("Dockerfile", "FROM python:3.12\nENV SECRET_KEY=tH9-kestrel-x41\n", 2, 321),
    ("Dockerfile", "FROM python:3.12\nRUN curl -sSL https://get.example.org/install.sh | sh\n", 2, 494),
    ("Dockerfile", "FROM python:3.12\nADD https://example.org/tool /usr/bin/tool\n", 2, 494),
    ("Dockerfile", "FROM python:3.12\nENV FLASK_DEBUG=1\n", 2, 489),
    (
        ".github/workflows/scan.yml",
        "jobs:\n  scan:\n    steps:\n      - run: |\n          curl -L -o tool https://example.org/tool\n          chmod +x tool\n          ./tool\n",
        5,
        494,
    ),
    (".github/workflows/scan.yml", "jobs:\n  scan:\n    steps:\n      - uses: heron/scan@main\n", 4, 829),
    (
        ".github/workflows/greet.yml",
        'jobs:\n  greet:\n    steps:\n      - run: echo "${{ github.event.issue.title }}"\n',
        4,
        78,
    ),
    ("static/jquery-2.2.4.min.js", "/*! jQuery v2.2.4 | (c) */\n!function(){}();\n", 1, 1395),
    ("static/js/bootstrap.min.js", "/*!\n * Bootstrap v4.1.0 (https://example.org)\n */\n", 1, 1395),
]

GOOD = [
    ("static/jquery-3.7.1.min.js", "/*! jQuery v3.7.1 | (c) */\n!function(){}();\n"),
    ("static/jquery.tabs.js", "/*! jQuery tabs v1.2.4 | (c) */\n!function(){}();\n"),
    ("static/lodash.js", "var version = unknown;\n"),
    (".env.example", "DB_PASSWORD=on-thin-ice-7\n"),
    (".env", "DB_PASSWORD=\nDB_PASSWORD_FILE=/run/secrets/db\nTOKEN=${TOKEN}\n"),
    (
        "docker-compose.yml",
        "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}\n",
    ),
    (
        "docker-compose.dev.yml",
        "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: on-thin-ice-7\n",
    ),
    ("compose.yaml", "services:\n  web:\n    privileged: false\n    secrets:\n      - token\n"),
    ("config.yaml", "database:\n  user: shop\n  password: !vault shop/db\n  password_field: pass-word-1\n"),
    ("Dockerfile", "FROM python:3.12\nARG TOKEN\nENV TOKEN_PATH=/run/token\nRUN pip install flask\n"),
    (
        "Dockerfile",
        "FROM python:3.12\nRUN curl -o tool https://example.org/tool \\\n && echo 'ab12  tool' | sha256sum -c \\\n && chmod +x tool\n",
    ),
    (
        ".github/workflows/scan.yml",
        "jobs:\n  scan:\n    steps:\n      - uses: heron/scan@8f4b7f84864484a7bf31766abe9204da3cbe65b3\n      - uses: actions/checkout@main\n",
    ),
    (
        ".github/workflows/greet.yml",
        'jobs:\n  greet:\n    steps:\n      - env:\n          TITLE: ${{ github.event.issue.title }}\n        run: echo "$TITLE"\n',
    ),
    ("values.yaml", "password: on-thin-ice-7\n"),
]


@pytest.mark.parametrize(("name", "text", "line", "cwe"), BAD)
def test_defects(tmp_path: Path, name: str, text: str, line: int, cwe: int) -> None:
    """Each is found on its line, and nothing else."""
    assert _review(tmp_path, name, text) == [(name, line, cwe)]


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_safe_twins(tmp_path: Path, name: str, text: str) -> None:
    """References, placeholders, checked downloads, pinned actions and files for developers are silent."""
    assert _review(tmp_path, name, text) == []


def test_what_was_read_is_said(tmp_path: Path) -> None:
    """A configuration file is an input of the review, and no Python file."""
    (tmp_path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    (tmp_path / "app.py").write_text("print('open')\n", encoding="utf-8")
    inputs = [(Path(i.path).name, i.kind) for i in review(paths=[tmp_path]).inputs]
    assert inputs == [("app.py", "python"), ("compose.yaml", "configuration")]


@pytest.mark.parametrize("text", ["", "\\", "ENV", "ENV A", "- :", "a: |", "=", "\0: \0", "RUN \\", "'"])
@pytest.mark.parametrize("kind", ["env", "docker", "compose", "workflow", "settings", "library"])
def test_nothing_makes_the_reader_fail(text: str, kind: str) -> None:
    """Whatever stands in a file, it has entries or none."""
    assert parse(Source("x", text), kind).kind == kind


def test_kinds_by_name() -> None:
    """The name decides what a file is."""
    names = [
        "a/.env",
        "Dockerfile.web",
        "docker-compose.prod.yml",
        ".github/workflows/ci.yml",
        "settings.yml",
        "notes.yml",
        "static/jquery.slim.min.js",
        "static/jquery.tabs.js",
    ]
    assert [kind_of(n) for n in names] == [
        "env",
        "docker",
        "compose",
        "workflow",
        "settings",
        "",
        "library",
        "",
    ]
