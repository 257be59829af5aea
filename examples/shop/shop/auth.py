"""Accounts: registration, login at the site and at the till, forgotten passwords, the staff directory."""

import functools
import hashlib
import logging
import os
import random
import re
import secrets
import sqlite3
import string
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import ldap3
from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from ldap3.utils.conv import escape_filter_chars
from werkzeug.security import check_password_hash, generate_password_hash

from shop import db

bp = Blueprint("auth", __name__)
log = logging.getLogger(__name__)

TOKEN_ALPHABET = string.ascii_letters + string.digits


def current_user() -> sqlite3.Row | None:
    """The user of this session, or None for a visitor."""
    if "user" not in g:
        g.user = db.one("SELECT * FROM users WHERE id = ?", session["user_id"]) if "user_id" in session else None
    return g.user


def login_required(view: Callable) -> Callable:
    """Send visitors to the login page and let users through."""

    @functools.wraps(view)
    def guarded(*args: object, **kwargs: object) -> object:
        if current_user() is None:
            return redirect(url_for("auth.login", next=request.path))
        return view(*args, **kwargs)

    return guarded


def is_local(target: str) -> bool:
    """Whether `target` leads to a page of this site, however it is written."""
    there = urlsplit(urljoin(request.host_url, target.replace("\\", "/")))
    return there.scheme in {"http", "https"} and there.netloc == request.host


@bp.route("/register", methods=["GET", "POST"])
def register():
    """Create an account."""
    if request.method == "GET":
        return render_template("register.html")
    name = request.form["name"]
    email = request.form["email"]
    if not re.fullmatch(r"(\w+\s?)+", name):  # defect: CWE-1333
        flash("A name is letters and single spaces.")
        return render_template("register.html"), 400
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):  # safe: linear
        flash("That is not an e-mail address.")
        return render_template("register.html"), 400
    password_hash = generate_password_hash(request.form["password"])  # safe: salted and slow
    try:
        db.change("INSERT INTO users (name, email, password_hash) VALUES (?, ?, ?)", name, email, password_hash)
    except sqlite3.IntegrityError:
        flash("This name is taken.")
        return render_template("register.html"), 409
    log.info("new account %r", name)  # safe: quoted
    return redirect(url_for("auth.login"))


@bp.route("/login", methods=["GET", "POST"])
def login():
    """Log in, and go on to the page that asked for it."""
    if request.method == "GET":
        return render_template("login.html")
    name = request.form["name"]
    user = db.one("SELECT * FROM users WHERE name = ?", name)  # safe: parameterised
    if user is None or not check_password_hash(user["password_hash"], request.form["password"]):  # defect: CWE-307
        log.warning("failed login for %s", name)  # defect: CWE-117
        flash("Name or password is wrong.")
        return render_template("login.html"), 401
    session.clear()
    session["user_id"] = user["id"]
    target = request.args.get("next", "/")
    if not is_local(target):
        target = url_for("catalogue.index")
    response = make_response(redirect(target))  # safe: local target
    if "remember" in request.form:
        device = secrets.token_urlsafe(32)
        response.set_cookie("device", device, max_age=2592000, secure=True, samesite="Lax")  # defect: CWE-1004
    return response


@bp.route("/logout", methods=["POST"])
def logout():
    """Log out, and return to where the user was."""
    session.clear()
    return redirect(request.form.get("next", "/"))  # defect: CWE-601


@bp.route("/till/login", methods=["POST"])
def till_login():
    """Log a member of staff in at the till, by name and PIN."""
    name = request.form["name"]
    pin = hash_pin(request.form["pin"])
    sql = "SELECT id, name FROM users WHERE name = '%s' AND till_pin = '%s'" % (name, pin)
    user = db.connection().execute(sql).fetchone()  # defect: CWE-89, defect: CWE-307
    if user is None:
        abort(401)
    session.clear()
    session["user_id"] = user["id"]
    return jsonify(name=user["name"])


def hash_pin(password: str) -> str:
    """What is stored of the password that staff type at the till."""
    return hashlib.md5(password.encode()).hexdigest()  # defect: CWE-916


@bp.route("/account/pin", methods=["POST"])
@login_required
def change_pin():
    """Set the PIN for the till."""
    db.change("UPDATE users SET till_pin = ? WHERE id = ?", hash_pin(request.form["pin"]), current_user()["id"])
    return redirect(url_for("catalogue.index"))


@bp.route("/forgot", methods=["POST"])
def forgot():
    """Make the token that lets a user choose a new password."""
    user = db.one("SELECT id FROM users WHERE email = ?", request.form["email"])
    if user is not None:
        reset_token = "".join(random.choices(TOKEN_ALPHABET, k=24))  # defect: CWE-338
        db.change("UPDATE users SET reset_token = ? WHERE id = ?", reset_token, user["id"])
        log.info("password reset token for user %d is %s", user["id"], reset_token)  # defect: CWE-532
    flash("If the address is known, a message is on its way.")
    return redirect(url_for("auth.login"))


@bp.route("/invite", methods=["POST"])
@login_required
def invite():
    """Make the link that invites a friend."""
    invitation = secrets.token_urlsafe(24)  # safe: from the system's generator
    log.info("user %d invites a friend", current_user()["id"])  # safe: no secret
    return jsonify(link=url_for("auth.register", invitation=invitation, _external=True))


@bp.route("/staff")
@login_required
def staff():
    """Find a colleague's telephone number by name."""
    directory = ldap3.Connection(
        ldap3.Server(current_app.config["DIRECTORY_HOST"], use_ssl=True),
        user="cn=reader,dc=example,dc=org",
        password=os.environ.get("SHOP_DIRECTORY_PASSWORD"),  # safe: from the environment
        auto_bind=True,
    )
    name = escape_filter_chars(request.args["name"])
    wanted = f"(&(objectClass=person)(cn={name}))"
    directory.search(current_app.config["DIRECTORY_BASE"], wanted, attributes=["telephoneNumber"])  # safe: escaped
    return jsonify(numbers=[str(entry.telephoneNumber) for entry in directory.entries])


@bp.route("/staff/mail")
@login_required
def staff_mail():
    """Find a colleague by e-mail address."""
    server = ldap3.Server(current_app.config["DIRECTORY_HOST"], use_ssl=True)
    reader = "cn=reader,dc=example,dc=org"
    directory = ldap3.Connection(server, user=reader, password="Kestrel-41-moss", auto_bind=True)  # defect: CWE-259
    wanted = "(mail=" + request.args["address"] + ")"
    directory.search(current_app.config["DIRECTORY_BASE"], wanted, attributes=["cn"])  # defect: CWE-90
    return jsonify(names=[str(entry.cn) for entry in directory.entries])
