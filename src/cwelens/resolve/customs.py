"""By which names things of libraries are used by custom: aliases of modules, bare functions, and what a framework's names come with.

Data for `cutoff`. A bare word means a framework's function only in the company of a name that nothing but the framework has.
"""

from __future__ import annotations

from cwelens.resolve.builtin_names import words

# Modules of Python whose names are also words that a variable would have.
WORDS = words(
    "calendar chunk cmd code commands email formatter html http new numbers operator parser platform profile queue resource select sets "
    "signal site statistics symbol test this token types user xml"
)
# Modules inside packages that are mostly imported by this name.
SUBMODULES = words("etree ciphers modes algorithms minidom pulldom sax request parse util http web")
# Names that modules are imported under, as their own documentation does.
ALIASES = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "mpl": "matplotlib",
    "sns": "seaborn",
    "tf": "tensorflow",
    "jnp": "jax.numpy",
    "sa": "sqlalchemy",
    "nx": "networkx",
    "xr": "xarray",
    "gpd": "geopandas",
    "ET": "xml.etree.ElementTree",
    "tk": "tkinter",
}
# Libraries whose names nothing else has, whether or not a model describes them.
PACKAGES = words(
    "aiohttp anthropic asyncpg bcrypt boto3 botocore bs4 cherrypy cv2 dateutil defusedxml django docker duckdb fastapi flask grpc h5py "
    "httpx jax jinja2 joblib jsonpickle jwt ldap ldap3 lxml markupsafe matplotlib mcp mistune mysql networkx numpy openai openpyxl "
    "orjson pandas paramiko passlib peewee pexpect pkg_resources polars psutil psycopg psycopg2 pyarrow pydantic pymongo pymysql "
    "pyodbc pytest pytz requests scipy setuptools simplejson sklearn sqlalchemy starlette tensorflow tiktoken torch tornado tqdm "
    "transformers ujson urllib3 werkzeug xmltodict yaml zmq"
)
# Functions and classes that are imported by their name, which is no word of the language.
FUNCTIONS = {
    name: f"{module}.{name}"
    for module, names in {
        "urllib.parse": "urlparse urljoin urlsplit urlunparse urlencode unquote parse_qs",
        "urllib.request": "urlopen urlretrieve",
        "base64": "b64decode b64encode",
        "tempfile": "mktemp mkdtemp mkstemp",
        "random": "randint randrange",
        "os": "urandom getenv makedirs",
        "shutil": "rmtree copyfile copytree copyfileobj",
        "hashlib": "md5 sha1 sha256 sha512",
        "uuid": "uuid1 uuid4",
        "copy": "deepcopy",
        "collections": "namedtuple defaultdict",
        "functools": "wraps lru_cache",
        "contextlib": "contextmanager asynccontextmanager",
        "dataclasses": "dataclass",
        "datetime": "timedelta",
        "gettext": "gettext ngettext",
        "flask": "jsonify",
    }.items()
    for name in names.split()
}
FUNCTIONS["_"] = "gettext.gettext"
# Names that only the framework has, and the words that in their company are the framework's.
COMPANY: tuple[tuple[frozenset[str], dict[str, str]], ...] = (
    (
        words(
            "jsonify render_template url_for current_app make_response send_file send_from_directory Blueprint"
        ),
        {
            "redirect": "flask.redirect",
            "abort": "flask.abort",
            "flash": "flask.flash",
            "session": "flask.session",
            "g": "flask.g",
            "escape": "markupsafe.escape",
            "login_required": "flask_login.login_required",
            "current_user": "flask_login.current_user",
        },
    ),
    (
        words(
            "HttpResponse JsonResponse HttpResponseRedirect HttpResponseForbidden HttpResponseBadRequest get_object_or_404 csrf_exempt "
            "require_POST permission_required LoginRequiredMixin mark_safe format_html"
        ),
        {
            "redirect": "django.shortcuts.redirect",
            "render": "django.shortcuts.render",
            "reverse": "django.urls.reverse",
            "escape": "django.utils.html.escape",
            "settings": "django.conf.settings",
            "messages": "django.contrib.messages",
            "timezone": "django.utils.timezone",
            "models": "django.db.models",
            "login_required": "django.contrib.auth.decorators.login_required",
        },
    ),
    (
        words("sessionmaker declarative_base and_ or_ joinedload selectinload bindparam"),
        {"text": "sqlalchemy.text", "select": "sqlalchemy.select", "func": "sqlalchemy.func"},
    ),
)
