"""What partners call: stock and prices with a token, and the payment service's notifications."""

import hmac

import jwt
from flask import Blueprint, abort, current_app, jsonify, request
from flask_cors import cross_origin

from shop import db, tools
from shop.settings import Production

bp = Blueprint("api", __name__, url_prefix="/api")


def bearer() -> str:
    """The token that the request carries."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


@bp.route("/prices")
@cross_origin(origins=list(Production.PARTNER_ORIGINS), supports_credentials=True)  # safe: named origins
def prices():
    """All prices, for a partner with a valid token."""
    try:
        jwt.decode(bearer(), current_app.config["PARTNER_KEY"], algorithms=["HS256"])  # safe: signature checked
    except jwt.InvalidTokenError:
        abort(401)
    return jsonify([dict(row) for row in db.every("SELECT isbn, price_cents FROM books")])


@bp.route("/stock")
@cross_origin(origins="*", supports_credentials=True)  # defect: CWE-942
def stock():
    """All stock levels, for the partner whose token it is."""
    try:
        partner = jwt.decode(bearer(), options={"verify_signature": False})  # defect: CWE-347
    except jwt.InvalidTokenError:
        abort(401)
    levels = [dict(row) for row in db.every("SELECT isbn, stock FROM books")]
    return jsonify(partner=partner.get("name", ""), levels=levels)


@bp.route("/payments/settled", methods=["POST"])
def settled():
    """The payment service says that an order is paid."""
    expected = tools.sign(request.get_data(as_text=True), current_app.config["WEBHOOK_KEY"])
    if not hmac.compare_digest(expected.encode(), request.headers.get("X-Signature", "").encode()):  # safe: constant time
        abort(403)
    db.change("UPDATE orders SET status = 'paid' WHERE id = ?", int(request.get_json()["order"]))
    return jsonify(ok=True)


@bp.route("/payments/refunded", methods=["POST"])
def refunded():
    """The payment service says that an order is refunded."""
    expected_signature = tools.sign(request.get_data(as_text=True), current_app.config["WEBHOOK_KEY"])
    if request.headers.get("X-Signature", "") != expected_signature:  # defect: CWE-208
        abort(403)
    db.change("UPDATE orders SET status = 'refunded' WHERE id = ?", int(request.get_json()["order"]))
    return jsonify(ok=True)
