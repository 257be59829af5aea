"""The routes of each framework, however they are registered: methods, path, who is asking there, and what is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cwelens.cli import main

Row = tuple[str, str, str, str]


def _routes(code: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[Row]:
    """(methods, path, identity, touches) of every route, in the order of the table."""
    (folder / "site_code.py").write_text(code, encoding="utf-8")
    assert main(["routes", str(folder), "-f", "json"]) == 0
    return [
        ("/".join(r["methods"]), r["path"], ",".join(r["identity"]), ";".join(r["touches"]))
        for r in json.loads(capsys.readouterr().out)["routes"]
    ]


CASES: dict[str, tuple[str, list[Row]]] = {
    "bottle": (
        """
import bottle

app = bottle.Bottle()


def make(kind):
    def show():
        return kind

    return show


def drop():
    return "gone"


def tell():
    return "told"


app.route("/kinds", ["GET", "POST"], callback=make("plain"))
app.route("/drop", "DELETE")(drop)
app.get("/tell", callback=tell)
""",
        [("GET/POST", "/kinds", "", ""), ("DELETE", "/drop", "", ""), ("GET", "/tell", "", "")],
    ),
    "falcon": (
        """
import falcon

MOORINGS = {}


def signed_in(req, resp, resource, params):
    if not req.context.user:
        raise falcon.HTTPUnauthorized()


class Mooring:
    def on_get(self, req, resp, number):
        resp.media = MOORINGS.get(number)

    @falcon.before(signed_in)
    def on_put_list(self, req, resp, number):
        MOORINGS[number] = {"name": req.media["name"]}


def make():
    app = falcon.App()
    app.add_route("/moorings/{number}", Mooring(), suffix="list")
    return app
""",
        [
            ("GET", "/moorings/{number}", "", "reads moorings by key"),
            ("PUT", "/moorings/{number}", "user", "adds moorings by key"),
        ],
    ),
    "http.server": (
        """
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlparse

CREWS = {}
SESSIONS = {}


class Deck(BaseHTTPRequestHandler):
    def do_POST(self):
        where = urlparse(self.path).path
        if where == "/crews":
            jar = SimpleCookie(self.headers.get("Cookie"))
            who = SESSIONS.get(jar["session"].value)
            if who is None:
                self.send_error(401)
                return
            CREWS[self.headers["X-Name"]] = {"by": who}
        elif where.startswith("/crews/"):
            del CREWS[where.split("/")[2]]
        elif where in ("/ping", "/ping/"):
            self.send_response(200)
        else:
            self.send_error(404)
""",
        [
            ("POST", "/crews", "user,token", "adds crews by key"),
            ("POST", "/crews/…", "", "deletes crews by key"),
            ("POST", "/ping", "", ""),
        ],
    ),
    "wsgi table": (
        """
JETTIES = {}


def listed(environ, start_response):
    start_response("200 OK", [])
    return [repr(JETTIES).encode()]


def removed(environ, start_response):
    JETTIES.pop(environ["QUERY_STRING"], None)
    start_response("204 No Content", [])
    return []


def missing(environ, start_response):
    start_response("404 Not Found", [])
    return []


ROUTES = {"/jetties": listed, "/jetties/remove": removed}


def application(environ, start_response):
    return ROUTES.get(environ["PATH_INFO"], missing)(environ, start_response)
""",
        [
            ("GET/POST", "/jetties", "", "reads jetties"),
            ("GET/POST", "/jetties/remove", "", "deletes jetties by key"),
        ],
    ),
    "wsgi pairs and patterns": (
        """
import re

PIERS = {}


def listed(environ, start_response):
    return [repr(PIERS).encode()]


def wiped(environ, start_response):
    PIERS.clear()
    return []


PAIRS = {("GET", "/piers"): listed, ("DELETE", "/piers"): wiped}
RULES = [(r"^/old/piers$", listed), (r"^/old/wipe/(\\d+)$", wiped)]


class Harbour:
    def __call__(self, environ, start_response):
        found = PAIRS.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if found:
            return found(environ, start_response)
        for rule, handler in RULES:
            if re.match(rule, environ["PATH_INFO"]):
                return handler(environ, start_response)
        return []
""",
        [
            ("GET", "/piers", "", "reads piers"),
            ("DELETE", "/piers", "", "wipes piers"),
            ("GET/POST", "^/old/piers$", "", "reads piers"),
            ("GET/POST", r"^/old/wipe/(\d+)$", "", "wipes piers"),
        ],
    ),
    "wsgi match": (
        """
BERTHS = {}


def application(environ, start_response):
    match environ["PATH_INFO"]:
        case "/berths" | "/berths/":
            return [repr(BERTHS).encode()]
        case "/clear":
            BERTHS.clear()
    return []
""",
        [("GET/POST", "/berths", "", "reads berths"), ("GET/POST", "/clear", "", "wipes berths")],
    ),
    "aiohttp": (
        """
from aiohttp import web

routes = web.RouteTableDef()
BOATS = {}


@routes.get("/boats/{id}")
async def one(request):
    return web.json_response(BOATS.get(request.match_info["id"]))


@routes.view("/slips")
class Slips(web.View):
    async def post(self):
        BOATS[self.request.query["id"]] = {"name": "x"}
        return web.Response()


async def ping(request):
    return web.Response()


async def wipe(request):
    BOATS.clear()
    return web.Response()


app = web.Application()
app.add_routes(routes)
app.add_routes([web.get("/ping", ping)])
app.router.add_resource("/wipe").add_route("DELETE", wipe)
""",
        [
            ("GET", "/boats/{id}", "", "reads boats by key"),
            ("POST", "/slips", "", "adds boats by key"),
            ("GET", "/ping", "", ""),
            ("DELETE", "/wipe", "", "wipes boats"),
        ],
    ),
    "pyramid": (
        """
from pyramid.config import Configurator
from pyramid.view import view_config

TIDES = {}


@view_config(route_name="tide", request_method="GET")
def tide(request):
    return TIDES.get(request.matchdict["id"])


def clear(request):
    TIDES.clear()


class Station:
    def __init__(self, request):
        self.request = request

    @view_config(route_name="station", permission="edit")
    def put(self):
        TIDES[self.request.params["id"]] = {"level": 1}


def main():
    config = Configurator()
    config.add_route("tide", "/tides/{id}")
    config.add_route("station", "/station")
    config.add_route("clear", "/clear")
    config.add_view(clear, route_name="clear", request_method="POST")
    return config.make_wsgi_app()
""",
        [
            ("GET", "/tides/{id}", "", "reads tides by key"),
            ("POST", "/clear", "", "wipes tides"),
            ("GET/POST", "/station", "user,role", "adds tides by key"),
        ],
    ),
    "cherrypy": (
        """
import cherrypy

KEYS = {}


class Locker:
    @cherrypy.expose
    def show(self, number):
        return KEYS.get(number)


class Api:
    exposed = True

    def DELETE(self, number):
        KEYS.pop(number)


class Hall:
    locker = Locker()

    def index(self):
        return "hall"

    index.exposed = True


cherrypy.tree.mount(Api(), "/api", {"/": {"tools.auth_basic.on": True}})
cherrypy.quickstart(Hall(), "/hall")
""",
        [
            ("GET/POST", "/hall/locker/show", "", "reads keys by key"),
            ("DELETE", "/api", "user", "deletes keys by key"),
            ("GET/POST", "/hall", "", ""),
        ],
    ),
    "tornado": (
        """
import tornado.web
from tornado.web import url

BUOYS = {}


class Base(tornado.web.RequestHandler):
    def prepare(self):
        if not self.current_user:
            raise tornado.web.HTTPError(403)


class Buoy(Base):
    def delete(self, number):
        BUOYS.pop(number)


class Open(tornado.web.RequestHandler):
    def get(self):
        self.write(BUOYS)


app = tornado.web.Application([url(r"/buoys/(.*)", Buoy), (r"/open", Open)])
""",
        [
            ("DELETE", "/buoys/(.*)", "user", "deletes buoys by key"),
            ("GET", "/open", "", "reads buoys"),
        ],
    ),
    "sanic": (
        """
from sanic import Sanic, json
from sanic.exceptions import Unauthorized
from sanic.views import HTTPMethodView

app = Sanic("ropes")
ROPES = {}


def signed_in(view):
    async def inner(request, *args, **kwargs):
        if request.ctx.user is None:
            raise Unauthorized()
        return await view(request, *args, **kwargs)

    return inner


class Rope(HTTPMethodView):
    decorators = [signed_in]

    async def delete(self, request, number):
        ROPES.pop(number)
        return json({})


async def every(request):
    return json(ROPES)


app.add_route(Rope.as_view(), "/ropes/<number>")
app.add_route(every, "/ropes", methods=["GET"])
""",
        [
            ("DELETE", "/ropes/<number>", "user", "deletes ropes by key"),
            ("GET", "/ropes", "", "reads ropes"),
        ],
    ),
    "litestar": (
        """
from litestar import Controller, Litestar, Router, delete, get
from litestar.exceptions import NotAuthorizedException

SAILS = {}


def signed_in(connection, handler):
    if not connection.user:
        raise NotAuthorizedException()


class Sails(Controller):
    path = "/sails"
    guards = [signed_in]

    @delete("/{number:int}")
    async def drop(self, number: str) -> None:
        SAILS.pop(number)


@get("/every")
async def every() -> dict:
    return SAILS


app = Litestar(route_handlers=[Router("/v1", route_handlers=[Sails, every])])
""",
        [
            ("DELETE", "/v1/sails/{number:int}", "user", "deletes sails by key"),
            ("GET", "/v1/every", "", "reads sails"),
        ],
    ),
    "web.py": (
        """
import web

urls = ("/knots", "Knots", "/knots/drop", "Drop")
KNOTS = {}


class Knots:
    def GET(self):
        return KNOTS


class Drop:
    def POST(self):
        KNOTS.pop(web.input().name)


app = web.application(urls, globals())
""",
        [("GET", "/knots", "", "reads knots"), ("POST", "/knots/drop", "", "deletes knots by key")],
    ),
    "werkzeug": (
        """
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

PORTS = {}


class Chart:
    def __init__(self):
        self.urls = Map([Rule("/ports", endpoint="every"), Rule("/wipe", endpoint="wipe", methods=["POST"])])

    def on_every(self, request):
        return Response(repr(PORTS))

    def on_wipe(self, request):
        PORTS.clear()
        return Response("")
""",
        [("GET/POST", "/ports", "", "reads ports"), ("POST", "/wipe", "", "wipes ports")],
    ),
    "graphene": (
        """
import graphene
from graphql_jwt.decorators import login_required

CARGO = {}


class Crate(graphene.ObjectType):
    label = graphene.String()

    def resolve_label(parent, info):
        return parent.label


class DropCrate(graphene.Mutation):
    class Arguments:
        number = graphene.ID()

    @login_required
    def mutate(root, info, number):
        CARGO.pop(number)
        return DropCrate()


class Query(graphene.ObjectType):
    crate = graphene.Field(Crate, number=graphene.ID())

    def resolve_crate(root, info, number):
        return CARGO.get(number)


class Changes(graphene.ObjectType):
    drop_one_crate = DropCrate.Field()


schema = graphene.Schema(query=Query, mutation=Changes)
""",
        [
            ("FIELD", "Crate.label", "", ""),
            ("MUTATION", "dropOneCrate", "user", "deletes cargo by key"),
            ("QUERY", "crate", "", "reads cargo by key"),
        ],
    ),
    "strawberry": (
        """
import strawberry
from strawberry.permission import BasePermission

LOGS = {}


class SignedIn(BasePermission):
    def has_permission(self, source, info, **kwargs):
        return info.context["request"].user.is_authenticated


def every_log():
    return LOGS


@strawberry.type
class Query:
    logs: list[str] = strawberry.field(resolver=every_log)


@strawberry.type
class Mutation:
    @strawberry.mutation(permission_classes=[SignedIn])
    def drop_log(self, info: strawberry.Info, number: str) -> bool:
        LOGS.pop(number)
        return True


schema = strawberry.Schema(query=Query, mutation=Mutation)
""",
        [
            ("QUERY", "logs", "", "reads logs"),
            ("MUTATION", "dropLog", "user", "deletes logs by key"),
        ],
    ),
    "ariadne": (
        """
from ariadne import MutationType, ObjectType, QueryType

query = QueryType()
mutation = MutationType()
ship = ObjectType("Ship")
SHIPS = {}


@query.field("ship")
def resolve_ship(_, info, number):
    return SHIPS.get(number)


@ship.field("owner")
def resolve_owner(obj, info):
    return obj["owner"]


def sink(_, info, number):
    if not info.context["user"]:
        raise PermissionError()
    SHIPS.pop(number)


mutation.set_field("sink", sink)
""",
        [
            ("QUERY", "ship", "", "reads ships by key"),
            ("FIELD", "Ship.owner", "", ""),
            ("MUTATION", "sink", "user", "deletes ships by key"),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_routes(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each way in is found, with its guard and what it touches."""
    code, expected = CASES[name]
    assert _routes(code, tmp_path, capsys) == expected
