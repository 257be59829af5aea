"""Configuration files beside the code: what is read of them, what is reported, and their safe twins."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwelens import review
from cwelens.base.source import Source
from cwelens.syntax.configs.kinds import kind_of
from cwelens.syntax.configs.reader import parse

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


KEY = "kT3vQ9xLm2Zr7Wp4Yd8Hb6Nc"
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers: []\n"

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
    ("settings.json", '{\n  "db": {"user": "shop",\n    "password": "on-thin-ice-7"}\n}\n', 3, 259),
    ("config.toml", '[db]\nuser = "shop"\npassword = "on-thin-ice-7"\n', 3, 259),
    ("app.ini", "[db]\nuser = shop\npassword = on-thin-ice-7\n", 3, 259),
    ("deploy/boats.yaml", f"pier:\n  api_key: {KEY}\n", 2, 798),
    ("data/boats.json", f'[{{"name": "Heron", "api_token": "{KEY}"}}]\n', 1, 798),
    ("deploy/run.sh", f"#!/bin/sh\nexport SHOP_SECRET={KEY}\n./run\n", 2, 798),
    ("deploy/ask.sh", f"curl -H 'Authorization: Bearer {KEY}' https://example.org\n", 1, 798),
    ("deploy/hub.cfg", f"[hub]\nwhere = glpat-{KEY[:20]}\n", 2, 798),
    ("deploy/pod.yaml", f"{POD}    securityContext:\n      privileged: true\n", 6, 250),
    ("deploy/pod.yaml", f"{POD}    securityContext: {{runAsUser: 0}}\n", 5, 250),
    ("deploy/pod.yaml", f"{POD}    env:\n    - name: DB_PASSWORD\n      value: on-thin-ice-7\n", 7, 259),
    ("deploy/pod.yaml", f"{POD}    env: [{{name: DB_PASSWORD, value: on-thin-ice-7}}]\n", 5, 259),
    ("deploy/pod.yaml", f"{POD}  hostPID: true\n", 5, 250),
    (
        "deploy/pod.yaml",
        f"{POD}    securityContext:\n      capabilities:\n        add:\n        - SYS_ADMIN\n",
        8,
        250,
    ),
    ("deploy/pod.yaml", f"{POD}  volumes:\n  - name: all\n    hostPath:\n      path: /\n", 8, 250),
    (
        "chart/pod.yaml",
        f"{POD}    {{{{ if .Values.x }}}}\n    securityContext:\n      privileged: true\n",
        7,
        250,
    ),
    (
        "deploy/secret.yaml",
        "apiVersion: v1\nkind: Secret\ndata:\n  password: b24tdGhpbi1pY2UtNw==\n",
        4,
        259,
    ),
    ("requirements.txt", "--trusted-host pypi.harbour.example\nflask==3.1.0\n", 1, 295),
    ("requirements.txt", "-i http://pypi.harbour.example/simple\nflask==3.1.0\n", 1, 494),
    ("requirements.txt", "flask==3.1.0\ngit+http://git.harbour.example/boats.git\n", 2, 494),
    ("requirements.txt", "boats @ http://harbour.example/boats-1.0.tar.gz\n", 1, 494),
    ("requirements.txt", "--extra-index-url https://pypi.harbour.example/simple\nboats\n", 1, 427),
    ("requirements.txt", f"--index-url https://deploy:{KEY}@pypi.harbour.example/simple\n", 1, 798),
    (
        "pyproject.toml",
        '[project]\nname = "boats"\n\n[[tool.uv.index]]\nurl = "http://pypi.harbour.example/simple"\n',
        5,
        494,
    ),
    ("pip.conf", "[global]\ntrusted-host = pypi.harbour.example\n", 2, 295),
    ("Dockerfile", "FROM python:3.12\nRUN pip install --trusted-host pypi.harbour.example boats\n", 2, 295),
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
    ("settings.json", '{"password": "", "password_label": "Your password", "token": "${TOKEN}"}\n'),
    ("config.toml", '[db]\npassword = "env:DB_PASSWORD"\ntoken_url = "https://example.org/token"\n'),
    ("deploy/boats.yaml", f"sha256: {HEX}\nimage: boats@sha256:{HEX}\nkey_id: {KEY}\n"),
    ("tests/data/boats.yaml", f"pier:\n  api_key: {KEY}\n"),
    ("app/services.json", f'{{"api_key": [{{"current_key": "AIza{KEY}_x9Tq2LmZ4a"}}]}}\n'),
    ("package-lock.json", f'{{"integrity": "sha512-{KEY}", "token": "{KEY}"}}\n'),
    ("data/words.json", '{"password": "Passwort", "token": "Zeichen", "key": "a.b.c"}\n'),
    ("data/boats.json", f'{{"commit": "{HEX[:40]}", "etag_key": "{HEX[:32]}", "uid": "{KEY}"}}\n'),
    ("deploy/run.sh", 'export SHOP_SECRET="$(cat /run/secrets/shop)"\nTOKEN=$1\n# TOKEN=x\n'),
    (
        "deploy/pod.yaml",
        f"{POD}    env:\n    - name: DB_PASSWORD\n      valueFrom:\n        secretKeyRef:\n          name: db\n          key: password\n",
    ),
    (
        "deploy/pod.yaml",
        f"{POD}    securityContext:\n      privileged: false\n      allowPrivilegeEscalation: false\n      runAsUser: 1000\n",
    ),
    ("deploy/secret.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  password: PGZpbGwgaW4+\n"),
    ("deploy/other.yaml", "pod:\n  privileged: true\n"),
    ("requirements.txt", "flask==3.1.0\nboats @ git+https://git.harbour.example/boats.git@v1\n"),
    (
        "pyproject.toml",
        '[project.urls]\nurl = "http://harbour.example"\n\n[[tool.poetry.source]]\nurl = "https://pypi.harbour.example"\n',
    ),
    ("requirements.txt", "--trusted-host localhost\n-i http://localhost:3141/simple\nboats\n"),
    ("requirements.txt", "--extra-index-url https://harbour.example/s\nboats==1 --hash=sha256:ab\n"),
    ("requirements.txt", "--index-url https://deploy:${TOKEN}@pypi.harbour.example/simple\nboats\n"),
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
@pytest.mark.parametrize(
    "kind", ["env", "docker", "compose", "workflow", "settings", "data", "requirements", "library"]
)
def test_nothing_makes_the_reader_fail(text: str, kind: str) -> None:
    """Whatever stands in a file, it has entries or none."""
    assert parse(Source("x", text), kind).kind == kind


BOMB = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(99))


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "[" * 9999,
        "{" * 9999,
        "a:\n" * 9999,
        "\t- \ta:\t1\n",
        "a: 1\na: 2\n",
        '"a": "' + "\\" * 9999,
        "- " * 9999,
    ],
)
@pytest.mark.parametrize("name", ["x.yaml", "x.json", "x.toml", "x.sh", "settings.yaml", "requirements.txt"])
def test_hostile_files(text: str, name: str) -> None:
    """Aliases of aliases, deep nesting, tabs and keys that come twice are lines like others."""
    text = "apiVersion: v1\nkind: Pod\n" + text
    assert len(parse(Source(name, text), kind_of(name)).entries) <= len(text)


def test_data_without_keys_is_no_input(tmp_path: Path) -> None:
    """Of files of data only those that may hold a key are listed; one that was named is told of."""
    (tmp_path / "app.py").write_text("print('open')\n", encoding="utf-8")
    (tmp_path / "boats.json").write_text('{"name": "Heron"}\n', encoding="utf-8")
    assert [Path(i.path).name for i in review(paths=[tmp_path]).inputs] == ["app.py"]
    alone = review(paths=[tmp_path / "boats.json"])
    assert alone.verdict == "inconclusive" and [i.status for i in alone.inputs] == ["unread"]


def test_kinds_by_name() -> None:
    """The name decides what a file is."""
    names = [
        "a/.env",
        "Dockerfile.web",
        "docker-compose.prod.yml",
        ".github/workflows/ci.yml",
        "settings.yml",
        "notes.yml",
        "deploy/requirements.txt",
        "package-lock.json",
        "static/jquery.slim.min.js",
        "static/jquery.tabs.js",
    ]
    assert [kind_of(n) for n in names] == [
        "env",
        "docker",
        "compose",
        "workflow",
        "settings",
        "data",
        "requirements",
        "",
        "library",
        "",
    ]
