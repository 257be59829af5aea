"""Orders: the checkout, a customer's orders, invoices, exports, and the talk with the payment service."""

import csv
import io
import logging
import os
import re
import sqlite3
import tempfile
from pathlib import Path

import requests
from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    send_from_directory,
    url_for,
)

from shop import db
from shop.auth import current_user, login_required

bp = Blueprint("orders", __name__)
log = logging.getLogger(__name__)

ORDER_LINES = """
    SELECT orders.id, orders.placed_at, orders.address, books.title, order_lines.quantity, books.price_cents
    FROM orders JOIN order_lines ON order_lines.order_id = orders.id JOIN books ON books.id = order_lines.book_id
"""


def invoice_dir() -> Path:
    """Where invoices are kept, one text file each."""
    return Path(current_app.config["DATA_DIR"]) / "invoices"


@bp.route("/checkout", methods=["POST"])
@login_required
def checkout():
    """Order one title."""
    book = db.one("SELECT * FROM books WHERE id = ?", request.form["book"])
    quantity = request.form.get("quantity", 1, type=int)
    if book is None or not 0 < quantity <= book["stock"]:
        abort(400)
    address = request.form["address"]
    if not re.fullmatch(r"[\w.,-]+(?: [\w.,-]+)*", address):  # safe: linear
        flash("The address may hold letters, digits, full stops, commas and hyphens.")
        return redirect(url_for("catalogue.book", book_id=book["id"]))
    order = db.change("INSERT INTO orders (user_id, address) VALUES (?, ?)", current_user()["id"], address)
    db.change(
        "INSERT INTO order_lines (order_id, book_id, quantity) VALUES (?, ?, ?)", order, book["id"], quantity
    )
    db.change("UPDATE books SET stock = stock - ? WHERE id = ?", quantity, book["id"])
    write_invoice(order, f"Invoice {order}\n{quantity} x {book['title']}\n{quantity * book['price_cents']} cents\n")
    log.info("order %d placed", order)
    return redirect(url_for("orders.order", order_id=order))


def write_invoice(order: int, text: str) -> None:
    """Write the invoice of an order, which must not have one yet."""
    with open(invoice_dir() / f"{order}.txt", "x", encoding="utf-8") as invoice:  # safe: created or refused at once
        invoice.write(text)


def write_reminder(order: int, text: str) -> None:
    """Write a payment reminder for an order, unless there is one."""
    path = invoice_dir() / f"reminder-{order}.txt"
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as reminder:  # defect: CWE-367
            reminder.write(text)


@bp.route("/orders")
@login_required
def my_orders():
    """The orders of the user who asks."""
    mine = db.every("SELECT * FROM orders WHERE user_id = ? ORDER BY id", current_user()["id"])
    return render_template("orders.html", orders=mine)


@bp.route("/orders/<int:order_id>")
@login_required
def order(order_id: int):
    """One order of the user who asks."""
    lines = db.every(ORDER_LINES + " WHERE orders.id = ? AND orders.user_id = ?", order_id, current_user()["id"])  # safe: only one's own
    if not lines:
        abort(404)
    return render_template("order.html", lines=lines)


@bp.route("/orders/<int:order_id>/label")
@login_required
def label(order_id: int):
    """The address label of an order."""
    found = db.one("SELECT address FROM orders WHERE id = ?", order_id)
    if found is None:
        abort(404)
    return jsonify(address=found["address"])  # defect: CWE-639


@bp.route("/orders/<int:order_id>/remind", methods=["POST"])
@login_required
def remind(order_id: int):
    """Write oneself a reminder to pay for an order."""
    if db.one("SELECT 1 FROM orders WHERE id = ? AND user_id = ?", order_id, current_user()["id"]) is None:
        abort(404)
    write_reminder(order_id, f"Please pay order {order_id}.\n")
    return redirect(url_for("orders.order", order_id=order_id))


@bp.route("/invoices/<int:order_id>")
@login_required
def invoice(order_id: int):
    """The invoice of an order of one's own."""
    if db.one("SELECT 1 FROM orders WHERE id = ? AND user_id = ?", order_id, current_user()["id"]) is None:
        abort(404)
    return send_from_directory(invoice_dir(), f"{order_id}.txt")  # safe: a number


@bp.route("/terms")
def terms():
    """The terms of sale, in the language asked for."""
    name = os.path.basename(request.args.get("file", "terms-en.txt"))
    path = os.path.join(current_app.root_path, "terms", name)
    if not os.path.isfile(path):
        abort(404)
    return send_file(path)  # safe: base name only


def only_staff() -> None:
    """Refuse everybody who has no access to the back office."""
    if not current_user()["is_admin"]:
        abort(403)


@bp.route("/invoices/download")
@login_required
def download_invoice():
    """An invoice by the name of its file, for the accountant."""
    only_staff()
    return send_file(os.path.join(invoice_dir(), request.args["file"]))  # defect: CWE-22


@bp.route("/invoices/text")
@login_required
def invoice_text():
    """An invoice as plain text, for the packing desk."""
    only_staff()
    base = os.path.realpath(invoice_dir())
    path = os.path.realpath(os.path.join(base, request.args["file"]))
    if os.path.commonpath([base, path]) != base:
        abort(404)
    with open(path, encoding="utf-8") as text:  # safe: resolved and below the directory
        response = make_response(text.read())
    response.mimetype = "text/plain"
    return response


def csv_cell(value: object) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    text = str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@bp.route("/orders/export")
@login_required
def export():
    """The orders of the user who asks, for a spreadsheet."""
    text = io.StringIO()
    rows = csv.writer(text)
    for line in db.every(ORDER_LINES + " WHERE orders.user_id = ?", current_user()["id"]):
        rows.writerow([csv_cell(value) for value in line])  # safe: no formulas
    path = Path(current_app.config["DATA_DIR"]) / "exports" / f"{current_user()['id']}.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    os.chmod(path, 0o600)  # safe: for the owner only
    return send_file(path, as_attachment=True)


@bp.route("/orders/export/printer", methods=["POST"])
@login_required
def export_for_printer():
    """Leave the addresses of the user's orders where the label printer picks them up."""
    lines = db.every("SELECT address FROM orders WHERE user_id = ?", current_user()["id"])
    path = tempfile.mktemp(suffix=".txt", prefix="labels-")  # defect: CWE-377
    with open(path, "w", encoding="utf-8") as labels:
        labels.writelines(line["address"] + "\n" for line in lines)
    os.chmod(path, 0o777)  # defect: CWE-732
    return jsonify(labels=len(lines))


@bp.route("/orders/export/archive", methods=["POST"])
@login_required
def export_for_archive():
    """Write the user's orders to a file of its own for the yearly archive."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, encoding="utf-8") as archive:  # safe: created with a name nobody else has
        rows = csv.writer(archive)
        for line in db.every(ORDER_LINES + " WHERE orders.user_id = ?", current_user()["id"]):
            rows.writerow([csv_cell(value) for value in line])
    return jsonify(done=True)


@bp.route("/orders/count")
def count():
    """How many orders have a status, for the sign in the shop window."""
    status = request.args.get("status", "open")
    try:
        found = db.connection().execute("SELECT COUNT(*) FROM orders WHERE status = '{}'".format(status)).fetchone()  # defect: CWE-89
    except sqlite3.Error as error:
        return jsonify(error=str(error)), 500  # defect: CWE-209
    return jsonify(count=found[0])


@bp.route("/orders/value")
@login_required
def value():
    """What the user has ordered so far, in cents."""
    try:
        lines = db.every(ORDER_LINES + " WHERE orders.user_id = ?", current_user()["id"])
        total = sum(line["quantity"] * line["price_cents"] for line in lines)
    except sqlite3.Error:
        log.exception("could not add up the orders of user %d", current_user()["id"])
        return jsonify(error="The total is not available."), 500  # safe: a text of our own
    return jsonify(total=total)


@bp.route("/orders/<int:order_id>/pay", methods=["POST"])
@login_required
def pay(order_id: int):
    """Charge the card whose token the payment form has put in."""
    if db.one("SELECT 1 FROM orders WHERE id = ? AND user_id = ?", order_id, current_user()["id"]) is None:
        abort(404)
    charge = {"order": order_id, "card": request.form["card_token"]}
    answer = requests.post(current_app.config["PAYMENTS_URL"], json=charge, timeout=10)  # safe: certificate checked
    if answer.status_code != 201:
        abort(502)
    db.change("UPDATE orders SET status = 'paid' WHERE id = ?", order_id)
    return redirect(url_for("orders.order", order_id=order_id))


@bp.route("/stock/<int:book_id>")
def stock(book_id: int):
    """How many copies the distributor has."""
    levels = requests.get(current_app.config["STOCK_URL"], params={"book": book_id}, timeout=10, verify=False)  # defect: CWE-295
    return jsonify(levels.json())
