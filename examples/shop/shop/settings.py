"""Settings of the shop. `SHOP_SETTINGS` names the class to use; without it, `Production`."""

import os
import secrets


class Production:
    """What the public site runs with. Keys come from the environment, or are made anew at each start."""

    SECRET_KEY = os.environ.get("SHOP_SECRET_KEY") or secrets.token_hex(32)  # safe: from the environment
    SESSION_COOKIE_SECURE = True  # safe: sent over TLS only
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    MAX_CONTENT_LENGTH = 4 * 1024 * 1024

    PARTNER_KEY = os.environ.get("SHOP_PARTNER_KEY") or secrets.token_hex(32)
    WEBHOOK_KEY = os.environ.get("SHOP_WEBHOOK_KEY") or secrets.token_hex(32)
    PARTNER_ORIGINS = ("https://partners.example.org", "https://reading-club.example.org")
    COVER_HOSTS = frozenset({"covers.example.org", "images.example.org"})
    COVER_TYPES = frozenset({".jpg", ".png", ".webp"})
    DIRECTORY_HOST = os.environ.get("SHOP_DIRECTORY_HOST", "ldap.example.org")
    DIRECTORY_BASE = "ou=staff,dc=example,dc=org"
    SUPPLIER_HOST = os.environ.get("SHOP_SUPPLIER_HOST", "files.example.org")
    PAYMENTS_URL = "https://payments.example.org/v1/charges"
    STOCK_URL = "https://stock.example.org/v1/levels"


class Workstation(Production):
    """A developer's machine."""

    SECRET_KEY = "t9Qf2-vLr8xWmZ41kdUe"  # defect: CWE-321


class ShopFloor(Production):
    """The tablets between the shelves, which reach the server over the shop's own network without TLS."""

    SESSION_COOKIE_SECURE = False  # defect: CWE-614
