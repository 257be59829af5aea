"""What the back office and the partner interface share: supplier files, e-mail texts, signed links."""

import ftplib
import hashlib
import hmac
import io
import os
from pathlib import Path

from flask import current_app
from jinja2 import Environment, PackageLoader, select_autoescape
from lxml import etree

SAMPLE = b"<books><book><isbn>9780000000057</isbn><title>Salt Roads</title><author>N. Adeyemi</author></book></books>"


def supplier_list(data: Path) -> etree._ElementTree:
    """The list that the supplier sent last, or a sample."""
    path = data / "supplier.xml"
    return etree.parse(path if path.exists() else io.BytesIO(SAMPLE), etree.XMLParser(resolve_entities=False))


def send_stock(listing: bytes) -> None:
    """Send our stock to the supplier."""
    with ftplib.FTP_TLS(current_app.config["SUPPLIER_HOST"], timeout=20) as server:  # safe: encrypted
        server.login("riverside", os.environ["SHOP_SUPPLIER_PASSWORD"])
        server.prot_p()
        server.storbinary("STOR stock.csv", io.BytesIO(listing))


def send_returns(listing: bytes) -> None:
    """Send the list of returned books to the supplier."""
    with ftplib.FTP(current_app.config["SUPPLIER_HOST"], timeout=20) as server:
        server.login("riverside", os.environ["SHOP_SUPPLIER_PASSWORD"])  # defect: CWE-319
        server.storbinary("STOR returns.csv", io.BytesIO(listing))


def newsletter(reader: str) -> str:
    """The newsletter for a reader."""
    mail = Environment(loader=PackageLoader("shop"), autoescape=select_autoescape())  # safe: escapes
    return mail.get_template("newsletter.html").render(reader=reader)


def classic_newsletter(reader: str) -> str:
    """The newsletter for a reader, without the escapes that the old mail program shows as they are."""
    mail = Environment(loader=PackageLoader("shop"))  # defect: CWE-79
    return mail.get_template("newsletter.html").render(reader=reader)


def sign(path: str, key: str) -> str:
    """The signature that makes a link to `path` valid."""
    return hmac.new(key.encode(), path.encode(), hashlib.sha256).hexdigest()  # safe: HMAC with SHA-256


def sign_for_kiosk(path: str, key: str) -> str:
    """The signature that the kiosk's old firmware understands."""
    return hashlib.md5((key + path).encode()).hexdigest()  # defect: CWE-328
