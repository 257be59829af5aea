"""The SQLite database: one connection per request, and the queries that several pages share."""

import sqlite3
from pathlib import Path

import click
from flask import Flask, current_app, g
from flask.cli import with_appcontext

SORT_COLUMNS = {"title": "title", "author": "author", "price": "price_cents"}


def connection() -> sqlite3.Connection:
    """The connection of this request, opened when it is first asked for."""
    if "connection" not in g:
        g.connection = sqlite3.connect(Path(current_app.config["DATA_DIR"]) / "shop.sqlite")
        g.connection.row_factory = sqlite3.Row
        g.connection.execute("PRAGMA foreign_keys = ON")
    return g.connection


def close(_error: BaseException | None = None) -> None:
    """Close the connection of this request, if it opened one."""
    opened = g.pop("connection", None)
    if opened is not None:
        opened.close()


def one(sql: str, *values: object) -> sqlite3.Row | None:
    """The first row of a query whose `?` stand for `values`."""
    return connection().execute(sql, values).fetchone()


def every(sql: str, *values: object) -> list[sqlite3.Row]:
    """All rows of a query whose `?` stand for `values`."""
    return connection().execute(sql, values).fetchall()


def change(sql: str, *values: object) -> int:
    """Run a statement whose `?` stand for `values`, commit it, and return the id of the row it made."""
    cursor = connection().execute(sql, values)
    connection().commit()
    return cursor.lastrowid or 0


def books_by(author: str) -> list[sqlite3.Row]:
    """The books of one author, for the author's page."""
    return connection().execute("SELECT * FROM books WHERE author = ?", (author,)).fetchall()  # safe: parameterised


def books_like(words: str) -> list[sqlite3.Row]:
    """The books whose title holds `words`, for the box that completes what is typed."""
    sql = "SELECT id, title FROM books WHERE title LIKE '%" + words + "%' LIMIT 10"
    return connection().execute(sql).fetchall()  # defect: CWE-89


def books_page(sort: str, page: int) -> list[sqlite3.Row]:
    """Twenty books, sorted by one of the columns that a visitor may choose."""
    column = SORT_COLUMNS.get(sort, "title")
    sql = f"SELECT * FROM books ORDER BY {column} LIMIT 20 OFFSET {page * 20}"
    return connection().execute(sql).fetchall()  # safe: allow-list and number


def register(app: Flask) -> None:
    """Add the clean-up and the commands `flask init-db` and `flask make-admin` to the application."""
    app.teardown_appcontext(close)
    app.cli.add_command(init_db)
    app.cli.add_command(make_admin)


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Create the tables anew, with a few books."""
    with current_app.open_resource("schema.sql", "r") as schema:
        connection().executescript(schema.read())
    click.echo("The database is ready.")


@click.command("make-admin")
@click.argument("name")
@with_appcontext
def make_admin(name: str) -> None:
    """Give a registered user access to the back office."""
    change("UPDATE users SET is_admin = 1 WHERE name = ?", name)
    click.echo("Done.")
