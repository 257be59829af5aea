"""The shop works, its defects are real and their twins hold. Run in this directory: `python -m pytest`.

Each test of a defect does what an attacker would do, harmlessly, to the marked line and then to its twin.
"""

import io
import json
import pickle
import re
import secrets
import tarfile
import time
from pathlib import Path

import jwt
import pytest
import requests

from shop import create_app, tools

BASE = "https://localhost"


@pytest.fixture
def app(tmp_path: Path):
    """The shop, with an empty directory and a fresh database."""
    app = create_app({"DATA_DIR": str(tmp_path), "TESTING": True, "PROPAGATE_EXCEPTIONS": False})
    assert app.test_cli_runner().invoke(args=["init-db"]).exit_code == 0
    return app


class Visitor:
    """A browser: sends the form token along, and speaks TLS so that the session's cookie comes back."""

    def __init__(self, app):
        self.client = app.test_client()

    def get(self, path, **kwargs):
        return self.client.get(path, base_url=BASE, **kwargs)

    def post(self, path, data=None, **kwargs):
        page = self.get("/login").text
        token = re.search(r'name="form_token" value="([^"]+)"', page).group(1)
        return self.client.post(path, base_url=BASE, data={"form_token": token, **(data or {})}, **kwargs)

    def enter(self, name):
        """Register under `name` and log in."""
        self.post("/register", {"name": name, "email": f"{name}@example.org", "password": "correct horse"})
        return self.post("/login", {"name": name, "password": "correct horse"})


@pytest.fixture
def visitor(app):
    return Visitor(app)


@pytest.fixture
def customer(app):
    someone = Visitor(app)
    assert someone.enter("ada").status_code == 302
    return someone


@pytest.fixture
def admin(app):
    someone = Visitor(app)
    someone.enter("root")
    app.test_cli_runner().invoke(args=["make-admin", "root"])
    return someone


def order(someone) -> int:
    """Order a book; the number of the order."""
    answer = someone.post("/checkout", {"book": "1", "quantity": "2", "address": "1 Quay St., Port"})
    return int(answer.location.rsplit("/", 1)[1])


def test_pages(visitor):
    """The public pages answer."""
    assert "The Quiet Harbour" in visitor.get("/").text
    assert "Bread and Stone" in visitor.get("/search?q=okafor").text
    assert "A. Moreau" in visitor.get("/books/3").text
    assert visitor.get("/books/99").status_code == 404
    assert visitor.get("/suggest?q=rain").json == [{"id": 4, "title": "A Grammar of Rain"}]
    assert visitor.get("/authors/T. Ishii").status_code == 200
    assert visitor.get("/isbn?code=9780000000026").location == "/books/2"
    assert "returned" in visitor.get("/terms").text


def test_order(customer, visitor):
    """A customer orders, sees the order and its invoice; a visitor does not."""
    number = order(customer)
    assert "1 Quay St., Port" in customer.get(f"/orders/{number}").text
    assert "2980 cents" in customer.get(f"/invoices/{number}").text
    assert customer.get("/orders/value").json == {"total": 2980}
    assert "Quiet" in customer.get("/orders/export").text
    assert customer.post("/orders/export/archive").json == {"done": True}
    assert customer.post(f"/orders/{number}/remind").status_code == 302
    assert visitor.get(f"/orders/{number}").location.startswith("/login")
    assert customer.post("/logout", {"next": "/"}).status_code == 302
    assert customer.get("/orders").status_code == 302


def test_back_office_is_closed(customer):
    """A customer does not get into the back office."""
    assert customer.get("/admin/").status_code == 403
    assert customer.get("/invoices/text?file=1.txt").status_code == 403


def test_form_token(visitor):
    """A form without its token is refused."""
    assert visitor.client.post("/logout", base_url=BASE).status_code == 400


def test_sql(visitor, customer, admin):
    """A quote changes four statements, and not those with parameters or an allow-list."""
    assert len(visitor.get("/suggest?q=' OR 1=1 --").json) == 4
    assert visitor.get("/isbn?code=' OR id=3 --").location == "/books/3"
    assert visitor.get("/orders/count?status=' OR '1'='1").json == {"count": 0}
    assert visitor.post("/till/login", {"name": "ada' --", "pin": ""}).json == {"name": "ada"}
    assert admin.get("/admin/reports/table?sort=(SELECT missing)").status_code == 500
    assert visitor.get("/search?q=' OR 1=1 --").status_code == 404
    assert visitor.get("/?sort=(SELECT missing)").status_code == 200
    assert visitor.post("/login", {"name": "ada' --", "password": ""}).status_code == 401


def test_database_error_is_shown(visitor):
    """The text of the database's error reaches the visitor."""
    assert "unrecognized token" in visitor.get("/orders/count?status='").json["error"]


def test_markup(visitor, customer, admin):
    """Markup runs in five places, and is escaped in the others."""
    script = "<script>alert(1)</script>"
    assert script in visitor.get("/search", query_string={"q": script}).text
    assert script not in visitor.get(f"/authors/{script.replace('/', '')}").text
    assert script in visitor.get("/share", query_string={"caption": script}).text
    customer.post("/books/1/reviews", {"body": script, "heading": "<u>x"})
    page = customer.get("/books/1").text
    assert script in page
    assert "<i>&lt;u&gt;x</i>" in page
    assert script in admin.post("/admin/newsletter/classic", {"reader": script}).text
    assert script not in admin.post("/admin/newsletter", {"reader": script}).text
    assert "by The Quiet" in visitor.get("/search?q=The Quiet").text


def test_templates(visitor):
    """A template in the request is evaluated in one preview, and shown in the other."""
    assert "<h2>49</h2>" in visitor.get("/gift/custom?text={{7*7}}").text
    assert "{{7*7}}" in visitor.get("/gift?for={{7*7}}").text


def test_paths(app, admin):
    """One download leaves the directory, three stay in it."""
    order(admin)
    Path(app.config["DATA_DIR"], "secret.txt").write_text("inner")
    assert admin.get("/invoices/download?file=../secret.txt").text == "inner"
    assert admin.get("/invoices/text?file=../secret.txt").status_code == 404
    assert admin.get("/invoices/text?file=1.txt").status_code == 200
    assert admin.get("/covers/../secret.txt").status_code == 404
    assert admin.get("/terms?file=../schema.sql").status_code == 404


def test_redirects(visitor, customer):
    """Logout leads anywhere, login stays on the site."""
    assert customer.post("/logout", {"next": "https://evil.example"}).location == "https://evil.example"
    form = {"name": "ada", "password": "correct horse"}
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"):
        assert visitor.post("/login", form, query_string={"next": target}).location == "/"
    assert visitor.post("/login", form, query_string={"next": "/orders"}).location == "/orders"


def test_commands(app, admin):
    """A label reaches the shell in one backup; a word becomes an option in one search."""
    mark = Path(app.config["DATA_DIR"], "mark")
    admin.post("/admin/backup/covers", {"label": f"x; touch {mark} #"})
    assert mark.exists()
    assert admin.post("/admin/backup", {"label": "x;y"}).status_code == 400
    assert admin.post("/admin/backup", {"label": "x"}).status_code == 302
    assert Path(app.config["DATA_DIR"], "backups", "x.tar.gz").exists()
    customer_order = order(admin)
    admin.post(f"/orders/{customer_order}/remind")
    assert admin.get("/admin/find?word=Harbour").json["files"] == ["./1.txt"]
    assert "1.txt" in admin.get("/admin/find?word=-v").json["files"]
    assert admin.get("/admin/find/count?word=-v").json == {"count": 0}
    assert admin.get("/admin/find/reminders?word=pay").json["files"] == [f"reminder-{customer_order}.txt"]
    assert admin.get("/admin/find/reminders?word=';id;'").json["files"] == []


def archive_with(name: str) -> io.BytesIO:
    """A tar archive with one member."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    data.seek(0)
    return data


def test_archives(app, admin):
    """A member leaves the directory in one restoration, and is refused in the other."""
    data = Path(app.config["DATA_DIR"])
    admin.post("/admin/restore/covers", {"archive": (archive_with("../out-1"), "a.tar")})
    assert (data / "out-1").exists()
    assert admin.post("/admin/restore", {"archive": (archive_with("../out-2"), "a.tar")}).status_code == 500
    assert not (data / "out-2").exists()


def test_uploads(app, customer):
    """A file name leaves the directory in one upload, a page is kept and served in another, the third refuses both."""
    data = Path(app.config["DATA_DIR"])
    customer.post("/covers/back", {"cover": (io.BytesIO(b"x"), "../back.png")})
    assert (data / "back.png").exists()
    customer.post("/covers/press", {"kit": (io.BytesIO(b"<script>"), "../kit.html")})
    assert customer.get("/covers/kit.html").mimetype == "text/html"
    assert not (data / "kit.html").exists()
    assert customer.post("/covers", {"cover": (io.BytesIO(b"x"), "../page.html")}).status_code == 415
    assert customer.post("/covers", {"cover": (io.BytesIO(b"x"), "../c.png")}).status_code == 302
    assert (data / "covers" / "c.png").exists()


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def send_list(admin, path: str, content: bytes):
    """Send a file to one of the imports."""
    return admin.post(path, {"list": (io.BytesIO(content), "list")})


def test_imports(app, admin):
    """Two imports run what the file says, two read plain data."""
    data = Path(app.config["DATA_DIR"])
    send_list(admin, "/admin/import/dump", pickle.dumps(Touch(str(data / "pickled"))))
    assert (data / "pickled").exists()
    call = f"!!python/object/apply:os.mkdir ['{data / 'yamled'}']".encode()
    assert send_list(admin, "/admin/import/yaml", call).status_code == 500
    assert not (data / "yamled").exists()
    send_list(admin, "/admin/import/yaml/legacy", call)
    assert (data / "yamled").exists()
    book = {"isbn": "1", "title": "T", "author": "A", "price_cents": 5}
    assert send_list(admin, "/admin/import/json", json.dumps([book]).encode()).json == {"added": 1}
    assert send_list(admin, "/admin/import/yaml", json.dumps([book]).encode()).json == {"added": 0}


def test_xml(app, admin, visitor):
    """One XML import reads a local file through an entity, the other does not."""
    secret = Path(app.config["DATA_DIR"], "secret.txt")
    secret.write_text("inner")
    lines = (
        f"<!DOCTYPE l [<!ENTITY e SYSTEM '{secret.as_uri()}'>]><l><book><isbn>%s</isbn><title>T&e;</title>"
        "<author>A</author><price_cents>1</price_cents></book></l>"
    )
    assert send_list(admin, "/admin/import/xml", (lines % 7).encode()).json == {"added": 1}
    assert "inner" not in visitor.get("/search?q=T").text
    assert send_list(admin, "/admin/import/xml/entities", (lines % 8).encode()).json == {"added": 1}
    assert "Tinner" in visitor.get("/search?q=T").text
    assert admin.get("/admin/supplier/author?author=' or '1'='1").json == {"titles": ["Salt Roads"]}
    assert admin.get("/admin/supplier/book?isbn=' or '1'='1").json == {"titles": []}


def test_code(admin):
    """A formula is run, a table is only read; a module is imported by name, a format is looked up."""
    assert admin.post("/admin/discount", {"formula": "__import__('os').getpid() > 0"}).json == {"result": "True"}
    assert admin.post("/admin/discount/tiers", {"tiers": "{1: 2}"}).json == {"tiers": 1}
    assert admin.post("/admin/discount/tiers", {"tiers": "print()"}).status_code == 500
    assert admin.get("/admin/formats/module?module=this").status_code == 200
    assert "JSON" in admin.get("/admin/formats?format=json").json["about"]
    assert admin.get("/admin/reports/stock").json[0]["stock"] == 0
    assert admin.get("/admin/reports/users").status_code == 404
    assert set(admin.get("/admin/links").json) == {"kiosk", "partner"}


def test_someone_elses_order(app, customer):
    """The label of another customer's order is shown, the order itself is not."""
    other = Visitor(app)
    other.enter("grace")
    number = order(customer)
    assert other.get(f"/orders/{number}/label").json == {"address": "1 Quay St., Port"}
    assert other.get(f"/orders/{number}").status_code == 404


def test_slow_pattern(visitor):
    """One pattern takes time exponential in the name's length, the others do not."""

    def seconds(form):
        start = time.perf_counter()
        visitor.post("/register", form)
        return time.perf_counter() - start

    short = seconds({"name": "a" * 10 + "!", "email": "a@b", "password": "x"})
    assert seconds({"name": "a" * 22 + "!", "email": "a@b", "password": "x"}) > 10 * short
    assert seconds({"name": "b", "email": "a" * 5000, "password": "x"}) < 1


def test_requests(customer, monkeypatch):
    """The preview fetches any address, the copy only from the services on the list."""
    asked = []

    def get(url, **_kwargs):
        asked.append(url)
        answer = requests.Response()
        answer._content = b"image"
        return answer

    monkeypatch.setattr(requests, "get", get)
    inner = "http://169.254.169.254/latest"
    assert customer.post("/covers/preview", {"url": inner}).json["bytes"] == 5
    assert customer.post("/covers/fetch", {"url": inner}).status_code == 400
    assert customer.post("/covers/fetch", {"url": "https://covers.example.org/1.png"}).json == {"bytes": 5}
    assert asked == [inner, "https://covers.example.org/1.png"]


def test_api(app, visitor):
    """A token that somebody else signed opens the stock levels, and not the prices."""
    forged = {"Authorization": "Bearer " + jwt.encode({"name": "x"}, secrets.token_hex(32)), "Origin": "https://evil.example"}
    answer = visitor.get("/api/stock", headers=forged)
    assert answer.json["partner"] == "x"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://evil.example"
    assert visitor.get("/api/prices", headers=forged).status_code == 401
    good = {"Authorization": "Bearer " + jwt.encode({"name": "x"}, app.config["PARTNER_KEY"])}
    answer = visitor.get("/api/prices", headers={**good, "Origin": "https://evil.example"})
    assert len(answer.json) == 4
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_webhooks(app, customer):
    """Notifications with the right signature are taken, others are not."""
    number = order(customer)
    body = json.dumps({"order": number})
    signature = tools.sign(body, app.config["WEBHOOK_KEY"])
    for path in ("/api/payments/settled", "/api/payments/refunded"):
        for sent, status in ((signature, 200), ("no", 403)):
            answer = customer.client.post(
                path, data=body, content_type="application/json", headers={"X-Signature": sent}, base_url=BASE
            )
            assert answer.status_code == status


def test_cookies(visitor, customer):
    """Which cookies lack an attribute."""
    assert "Secure; HttpOnly; Path=/; SameSite=Lax" in visitor.get("/").headers["Set-Cookie"]
    cookies = visitor.get("/books/1").headers.getlist("Set-Cookie")
    assert any(cookie.startswith("visitor=") and "Secure" not in cookie for cookie in cookies)
    form = {"name": "ada", "password": "correct horse", "remember": "on"}
    cookies = visitor.post("/login", form).headers.getlist("Set-Cookie")
    assert any(cookie.startswith("device=") and "HttpOnly" not in cookie for cookie in cookies)


def test_log(visitor, customer, caplog):
    """A line break in a name forges a log line in one message; a reset token is logged."""
    caplog.set_level("INFO")
    visitor.post("/login", {"name": "x\nforged", "password": ""})
    visitor.post("/register", {"name": "y\nz", "email": "a@b", "password": "p"})
    visitor.post("/forgot", {"email": "ada@example.org"})
    assert "x\nforged" in caplog.text
    assert "y\\nz" in caplog.text
    assert re.search(r"token for user 1 is \w{24}", caplog.text)


def test_label_printer(customer):
    """The labels are left behind for everybody."""
    order(customer)
    assert customer.post("/orders/export/printer").json == {"labels": 1}
