"""An online bookshop. Vulnerable on purpose: see the README beside this package, and never put it on a network."""

import hmac
import logging
import os
import secrets
from pathlib import Path

from flask import Flask, abort, request, session

from shop import admin, api, auth, catalogue, db, orders


def create_app(overrides: dict | None = None) -> Flask:
    """The application. `overrides` replaces single settings; tests use it to point `DATA_DIR` elsewhere."""
    app = Flask(__name__)
    app.config.from_object("shop.settings." + os.environ.get("SHOP_SETTINGS", "Production"))
    app.config["DATA_DIR"] = app.instance_path
    app.config.update(overrides or {})
    prepare(Path(app.config["DATA_DIR"]))
    logging.basicConfig(level=logging.INFO)
    db.register(app)
    for module in (auth, catalogue, orders, admin, api):
        app.register_blueprint(module.bp)
    app.before_request(check_form_token)
    app.context_processor(lambda: {"form_token": form_token, "user": auth.current_user()})
    return app


def prepare(data: Path) -> None:
    """Make the directories that hold the shop's files."""
    for name in ("invoices", "covers", "backups", "exports"):
        (data / name).mkdir(parents=True, exist_ok=True)


def form_token() -> str:
    """The token that every form of this session carries."""
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe(24)  # safe: from the system's generator
    return session["form_token"]


def check_form_token() -> None:
    """Refuse a request that changes something and was not sent by one of the shop's own forms."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.blueprint == "api":
        return
    if not hmac.compare_digest(form_token().encode(), request.form.get("form_token", "").encode()):  # safe: constant time
        abort(400)
