"""What visitors see: the list of books, search, a book's page with its reviews and cover."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

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
    render_template_string,
    request,
    send_from_directory,
    url_for,
)
from markupsafe import Markup, escape
from werkzeug.utils import secure_filename

from shop import db
from shop.auth import current_user, login_required

bp = Blueprint("catalogue", __name__)

GREETING = "<h2>Gift card for {{ reader }}</h2>"


@bp.route("/")
def index():
    """The list of books, a page at a time, and a basket for who has none."""
    page = int(request.args.get("page", "0"))
    books = db.books_page(request.args.get("sort", "title"), page)
    response = make_response(render_template("index.html", books=books, page=page))
    if "basket" not in request.cookies:
        basket = secrets.token_urlsafe(16)
        response.set_cookie("basket", basket, secure=True, httponly=True, samesite="Lax")  # safe: every attribute
    return response


@bp.route("/search")
def search():
    """Search in titles and authors."""
    words = request.args.get("q", "")
    pattern = f"%{words}%"
    books = db.every("SELECT * FROM books WHERE title LIKE ? OR author LIKE ?", pattern, pattern)  # safe: parameterised
    if not books:
        return f"<p>Nothing was found for <b>{words}</b>.</p>", 404  # defect: CWE-79
    return render_template("results.html", books=books, words=words)


@bp.route("/suggest")
def suggest():
    """Complete what is typed in the search box."""
    return jsonify([dict(row) for row in db.books_like(request.args.get("q", ""))])


@bp.route("/authors/<name>")
def author(name: str):
    """An author's books."""
    books = db.books_by(name)
    if not books:
        return f"<p>We have no books by <b>{escape(name)}</b>.</p>", 404  # safe: escaped
    return render_template("search.html", books=books, words=name)  # safe: the template escapes


@bp.route("/isbn")
def by_isbn():
    """Go to the page of a book whose ISBN a scanner has read."""
    isbn = request.args["code"]
    book = db.connection().execute(f"SELECT id FROM books WHERE isbn = '{isbn}'").fetchone()  # defect: CWE-89
    if book is None:
        abort(404)
    return redirect(url_for("catalogue.book", book_id=book["id"]))  # safe: a page of this site


@bp.route("/books/<int:book_id>")
def book(book_id: int):
    """A book with its reviews."""
    found = db.one("SELECT * FROM books WHERE id = ?", book_id)
    if found is None:
        abort(404)
    reviews = db.every(
        "SELECT users.name, reviews.body FROM reviews JOIN users ON users.id = reviews.user_id WHERE book_id = ?",
        book_id,
    )
    response = make_response(render_template("book.html", book=found, reviews=reviews))
    response.set_cookie("visitor", secrets.token_urlsafe(16), httponly=True, samesite="Lax")  # defect: CWE-614
    return response


@bp.route("/books/<int:book_id>/reviews", methods=["POST"])
@login_required
def add_review(book_id: int):
    """Publish a review, and thank for it."""
    db.change(
        "INSERT INTO reviews (book_id, user_id, body) VALUES (?, ?, ?)",
        book_id,
        current_user()["id"],
        request.form["body"],
    )
    heading = request.form.get("heading", "")
    if heading:
        flash(Markup("Published: <i>%s</i>") % heading)  # safe: Markup escapes its operands
    else:
        flash("Published.")
    return redirect(url_for("catalogue.book", book_id=book_id))


@bp.route("/share")
def share():
    """The line that the share button puts on a reader's page."""
    caption = Markup("<q>" + request.args.get("caption", "") + "</q>")  # defect: CWE-79
    return render_template("share.html", caption=caption)


@bp.route("/gift")
def gift():
    """Preview a gift card."""
    reader = request.args.get("for", "a friend")
    return render_template_string(GREETING, reader=reader)  # safe: a context variable


@bp.route("/gift/custom")
def custom_gift():
    """Preview a gift card with a text of the buyer's own."""
    text = request.args.get("text", "Happy reading!")
    return render_template_string("<h2>" + text + "</h2>")  # defect: CWE-1336


def cover_dir() -> Path:
    """Where cover images are kept."""
    return Path(current_app.config["DATA_DIR"]) / "covers"


@bp.route("/covers/<path:name>")
def cover(name: str):
    """A cover image."""
    return send_from_directory(cover_dir(), name)  # safe: stays below the directory


@bp.route("/covers", methods=["POST"])
@login_required
def upload_cover():
    """Keep a cover that a publisher sends."""
    upload = request.files["cover"]
    name = secure_filename(upload.filename or "")
    if os.path.splitext(name)[1].lower() not in current_app.config["COVER_TYPES"]:
        abort(415)
    upload.save(cover_dir() / name)  # safe: name and type checked
    return redirect(url_for("catalogue.cover", name=name))


@bp.route("/covers/back", methods=["POST"])
@login_required
def upload_back_cover():
    """Keep a back cover that a publisher sends."""
    upload = request.files["cover"]
    if os.path.splitext(upload.filename or "")[1].lower() not in current_app.config["COVER_TYPES"]:
        abort(415)
    upload.save(os.path.join(cover_dir(), upload.filename))  # defect: CWE-22
    return redirect(url_for("catalogue.index"))


@bp.route("/covers/press", methods=["POST"])
@login_required
def upload_press_kit():
    """Keep whatever a publisher sends for the press, beside the covers."""
    upload = request.files["kit"]
    name = secure_filename(upload.filename or "kit")
    upload.save(cover_dir() / name)  # defect: CWE-434
    return redirect(url_for("catalogue.cover", name=name))


@bp.route("/covers/fetch", methods=["POST"])
@login_required
def fetch_cover():
    """Copy a cover from one of the image services the shop works with."""
    url = request.form["url"]
    address = urlsplit(url)
    if address.scheme != "https" or address.hostname not in current_app.config["COVER_HOSTS"]:
        abort(400)
    image = requests.get(url, timeout=5, allow_redirects=False)  # safe: host on the list
    return jsonify(bytes=len(image.content))


@bp.route("/covers/preview", methods=["POST"])
@login_required
def preview_cover():
    """Measure a cover before it is copied."""
    image = requests.get(request.form["url"], timeout=5)  # defect: CWE-918
    return jsonify(bytes=len(image.content), type=image.headers.get("Content-Type", ""))
