"""The back office: backups, logs, reports, and the import of books from suppliers."""

import ast
import importlib
import io
import json
import pickle
import re
import shlex
import subprocess
import tarfile
from pathlib import Path

import yaml
from flask import Blueprint, abort, current_app, jsonify, redirect, render_template, request, url_for
from lxml import etree

from shop import db, tools
from shop.auth import current_user

bp = Blueprint("admin", __name__, url_prefix="/admin")

REPORTS = {
    "stock": "SELECT title, stock FROM books ORDER BY stock",
    "sales": "SELECT book_id, SUM(quantity) AS sold FROM order_lines GROUP BY book_id",
}
REPORT_MODULES = {"csv": "csv", "json": "json"}


@bp.before_request
def only_admins() -> None:
    """Nobody else sees any page of the back office."""
    user = current_user()
    if user is None or not user["is_admin"]:
        abort(403)


def data_dir() -> Path:
    """Where the shop's files are kept."""
    return Path(current_app.config["DATA_DIR"])


@bp.route("/")
def index():
    """What the back office can do."""
    return render_template("admin.html")


@bp.route("/backup", methods=["POST"])
def backup():
    """Pack the invoices under a label."""
    label = request.form["label"]
    if not re.fullmatch(r"[a-z0-9]{1,40}", label):
        abort(400)
    archive = data_dir() / "backups" / f"{label}.tar.gz"
    subprocess.run(["tar", "-czf", str(archive), "-C", str(data_dir()), "invoices"], check=True)  # safe: no shell, checked label
    return redirect(url_for("admin.index"))


@bp.route("/backup/covers", methods=["POST"])
def backup_covers():
    """Pack the covers under a label."""
    command = f"tar -czf {data_dir()}/backups/{request.form['label']}.tar.gz -C {data_dir()} covers"
    subprocess.run(command, shell=True, check=True)  # defect: CWE-78
    return redirect(url_for("admin.index"))


@bp.route("/find/reminders")
def find_reminders():
    """The reminders that hold a word; the shell finds the files."""
    command = f"grep -lF -- {shlex.quote(request.args['word'])} reminder-*.txt"
    found = subprocess.run(command, shell=True, cwd=data_dir() / "invoices", capture_output=True, text=True)  # safe: quoted
    return jsonify(files=found.stdout.splitlines())


@bp.route("/find")
def find():
    """The invoices that hold a word."""
    word = request.args["word"]
    found = subprocess.run(["grep", "-rlF", word, "."], cwd=data_dir() / "invoices", capture_output=True, text=True)  # defect: CWE-88
    return jsonify(files=found.stdout.splitlines())


@bp.route("/find/count")
def find_count():
    """How many invoices hold a word."""
    word = request.args["word"]
    found = subprocess.run(["grep", "-rlF", "--", word, "."], cwd=data_dir() / "invoices", capture_output=True, text=True)  # safe: after the end of options
    return jsonify(count=len(found.stdout.splitlines()))


@bp.route("/restore", methods=["POST"])
def restore():
    """Unpack invoices from a backup."""
    data = io.BytesIO(request.files["archive"].read())
    with tarfile.open(fileobj=data) as archive:
        archive.extractall(data_dir() / "invoices", filter="data")  # safe: members checked
    return redirect(url_for("admin.index"))


@bp.route("/restore/covers", methods=["POST"])
def restore_covers():
    """Unpack covers from a backup."""
    data = io.BytesIO(request.files["archive"].read())
    with tarfile.open(fileobj=data) as archive:
        archive.extractall(data_dir() / "covers", filter="fully_trusted")  # defect: CWE-22
    return redirect(url_for("admin.index"))


@bp.route("/reports/<name>")
def report(name: str):
    """One of the reports that are there."""
    if name not in REPORTS:
        abort(404)
    return jsonify([dict(row) for row in db.every(REPORTS[name])])  # safe: allow-list


@bp.route("/reports/table")
def table_report():
    """A table of the shop, sorted by a column."""
    sql = "SELECT id, name, email FROM users"
    if "sort" in request.args:
        sql += " ORDER BY " + request.args["sort"]
    return jsonify([dict(row) for row in db.connection().execute(sql)])  # defect: CWE-89


@bp.route("/formats")
def formats():
    """What a format's module says of itself."""
    module = importlib.import_module(REPORT_MODULES.get(request.args.get("format", "csv"), "csv"))  # safe: allow-list
    return jsonify(about=(module.__doc__ or "").strip())


@bp.route("/formats/module")
def format_module():
    """What a module says of itself."""
    module = importlib.import_module(request.args["module"])  # defect: CWE-470
    return jsonify(about=(module.__doc__ or "").strip())


@bp.route("/discount", methods=["POST"])
def discount():
    """Try a formula for a discount on a price of ten."""
    result = eval(request.form["formula"], {"price": 10})  # defect: CWE-95
    return jsonify(result=str(result))


@bp.route("/discount/tiers", methods=["POST"])
def discount_tiers():
    """Try a table of discounts, written as a Python dictionary."""
    tiers = ast.literal_eval(request.form["tiers"])  # safe: literals only
    return jsonify(tiers=len(tiers))


def add_books(books: list[dict]) -> int:
    """Add books that are not in the catalogue yet; how many those were."""
    added = 0
    for book in books:
        if db.one("SELECT 1 FROM books WHERE isbn = ?", book["isbn"]) is None:
            db.change(
                "INSERT INTO books (isbn, title, author, price_cents) VALUES (?, ?, ?, ?)",
                book["isbn"],
                book["title"],
                book["author"],
                int(book["price_cents"]),
            )
            added += 1
    return added


@bp.route("/import/yaml", methods=["POST"])
def import_yaml():
    """Add the books of a supplier's YAML list."""
    books = yaml.safe_load(request.files["list"].read())  # safe: plain data only
    return jsonify(added=add_books(books))


@bp.route("/import/yaml/legacy", methods=["POST"])
def import_yaml_legacy():
    """Add the books of a YAML list with the tags of the old till."""
    books = yaml.load(request.files["list"].read(), Loader=yaml.UnsafeLoader)  # defect: CWE-502
    return jsonify(added=add_books(books))


@bp.route("/import/json", methods=["POST"])
def import_json():
    """Add the books of a JSON list."""
    books = json.loads(request.files["list"].read())  # safe: plain data only
    return jsonify(added=add_books(books))


@bp.route("/import/dump", methods=["POST"])
def import_dump():
    """Add the books that another branch of the shop has dumped."""
    books = pickle.loads(request.files["list"].read())  # defect: CWE-502
    return jsonify(added=add_books(books))


def books_of(root: etree._Element) -> list[dict]:
    """The books of a supplier's XML list."""
    fields = ("isbn", "title", "author", "price_cents")
    return [{field: book.findtext(field, "") for field in fields} for book in root.iter("book")]


@bp.route("/import/xml", methods=["POST"])
def import_xml():
    """Add the books of a supplier's XML list."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(request.files["list"].read(), parser)  # safe: entities stay unresolved
    return jsonify(added=add_books(books_of(root)))


@bp.route("/import/xml/entities", methods=["POST"])
def import_xml_entities():
    """Add the books of an XML list that abbreviates publishers by entities."""
    root = etree.fromstring(request.files["list"].read(), etree.XMLParser(resolve_entities=True))  # defect: CWE-611
    return jsonify(added=add_books(books_of(root)))


@bp.route("/supplier/book")
def supplier_book():
    """A supplier's entry for a book."""
    tree = tools.supplier_list(data_dir())
    found = tree.xpath("//book[isbn=$isbn]/title/text()", isbn=request.args["isbn"])  # safe: a variable
    return jsonify(titles=[str(title) for title in found])


@bp.route("/supplier/author")
def supplier_author():
    """A supplier's books by an author."""
    tree = tools.supplier_list(data_dir())
    found = tree.xpath(f"//book[author='{request.args['author']}']/title/text()")  # defect: CWE-643
    return jsonify(titles=[str(title) for title in found])


@bp.route("/supplier/stock", methods=["POST"])
def supplier_stock():
    """Tell the supplier what is in stock."""
    books = db.every("SELECT isbn, stock FROM books")
    tools.send_stock("".join(f"{book['isbn']},{book['stock']}\n" for book in books).encode())
    return redirect(url_for("admin.index"))


@bp.route("/supplier/returns", methods=["POST"])
def supplier_returns():
    """Tell the supplier what nobody buys."""
    books = db.every("SELECT isbn FROM books WHERE id NOT IN (SELECT book_id FROM order_lines)")
    tools.send_returns("".join(book["isbn"] + "\n" for book in books).encode())
    return redirect(url_for("admin.index"))


@bp.route("/newsletter", methods=["POST"])
def newsletter():
    """Preview the newsletter for a reader."""
    return tools.newsletter(request.form["reader"])


@bp.route("/newsletter/classic", methods=["POST"])
def classic_newsletter():
    """Preview the newsletter as the old mail program makes it."""
    return tools.classic_newsletter(request.form["reader"])


@bp.route("/links")
def links():
    """Signed links to the price list, for a partner and for the kiosk."""
    key = current_app.config["PARTNER_KEY"]
    path = url_for("api.prices")
    return jsonify(partner=tools.sign(path, key), kiosk=tools.sign_for_kiosk(path, key))
