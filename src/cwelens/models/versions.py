"""Which Python has which name of the standard library, where versions or platforms differ: a fact base of the verifier.

Sources: "What's New in Python" 3.0 and 3.8 to 3.14 (sections "Removed" and "New Modules"), PEP 594, and the
"Availability" notes of the library reference. A name holds for everything below it.
"""

from __future__ import annotations

import sys

_ALWAYS = (0, 0)
_STILL = (9, 0)

# Name → (first version with it, first version without it).
VERSIONS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    name: (since, until)
    for since, until, names in (
        (
            _ALWAYS,
            (3, 0),
            "anydbm BaseHTTPServer Bastion CGIHTTPServer commands ConfigParser Cookie cookielib cPickle cStringIO "
            "dumbdbm htmlentitydefs HTMLParser httplib md5 popen2 Queue rexec robotparser sha SimpleHTTPServer "
            "SimpleXMLRPCServer SocketServer StringIO thread urllib2 urlparse whichdb xmlrpclib "
            "builtins.apply builtins.basestring builtins.cmp builtins.execfile builtins.file builtins.intern "
            "builtins.long builtins.raw_input builtins.reduce builtins.reload builtins.unichr builtins.unicode "
            "builtins.xrange os.getcwdu os.popen2 os.popen3 os.popen4 os.tempnam os.tmpfile os.tmpnam "
            "urllib.FancyURLopener urllib.quote urllib.quote_plus urllib.unquote urllib.unquote_plus "
            "urllib.URLopener urllib.urlencode urllib.urlopen urllib.urlretrieve",
        ),
        (
            _ALWAYS,
            (3, 8),
            "cgi.escape cgi.parse_qs cgi.parse_qsl platform.linux_distribution platform.popen time.clock",
        ),
        (
            _ALWAYS,
            (3, 9),
            "base64.decodestring base64.encodestring html.parser.HTMLParser.unescape plistlib.readPlist "
            "plistlib.readPlistFromBytes xml.etree.cElementTree",
        ),
        (_ALWAYS, (3, 11), "asyncio.coroutine inspect.getargspec"),
        (
            _ALWAYS,
            (3, 12),
            "asyncore asynchat configparser.SafeConfigParser distutils imp importlib.find_loader locale.format "
            "pkgutil.ImpImporter pkgutil.ImpLoader smtpd ssl.match_hostname ssl.RAND_pseudo_bytes ssl.wrap_socket",
        ),
        (
            _ALWAYS,
            (3, 13),
            "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr "
            "spwd sunau telnetlib uu xdrlib",
        ),
        (
            _ALWAYS,
            (3, 14),
            "ast.Bytes ast.NameConstant ast.Num ast.Str pkgutil.find_loader pkgutil.get_loader "
            "urllib.request.FancyURLopener urllib.request.URLopener",
        ),
        (
            (3, 12),
            _STILL,
            "itertools.batched os.listdrives os.path.isjunction os.path.splitroot pathlib.Path.walk "
            "sqlite3.Connection.autocommit",
        ),
        (
            (3, 13),
            _STILL,
            "copy.replace os.path.isreserved pathlib.Path.from_uri pathlib.PurePath.full_match",
        ),
        (
            (3, 14),
            _STILL,
            "annotationlib compression concurrent.interpreters pathlib.Path.copy pathlib.Path.copy_into "
            "pathlib.Path.move pathlib.Path.move_into string.templatelib",
        ),
    )
    for name in names.split()
}

# Name → why it may be missing whatever the version.
OPTIONAL: dict[str, str] = {
    "ctypes.OleDLL": "on Windows only",
    "ctypes.WinDLL": "on Windows only",
    "ctypes.oledll": "on Windows only",
    "ctypes.windll": "on Windows only",
    "msvcrt": "on Windows only",
    "nt": "on Windows only",
    "os.add_dll_directory": "on Windows only",
    "os.chflags": "on some Unix systems only",
    "os.lchflags": "on some Unix systems only",
    "os.lchmod": "on some Unix systems and Windows only",
    "os.listdrives": "on Windows only",
    "os.startfile": "on Windows only",
    "sqlite3.Connection.enable_load_extension": "only if Python was built with it",
    "sqlite3.Connection.load_extension": "only if Python was built with it",
    "winreg": "on Windows only",
}


# Name → why the current version of its library may not have it.
LIBRARIES: dict[str, str] = {
    "PIL.ImageMath.eval": "gone in Pillow 12",
    "transformers.AutoModel": "only with PyTorch",
    "transformers.AutoModelForCausalLM": "only with PyTorch",
    "Crypto.Cipher.XOR": "gone in PyCryptodome, of PyCrypto",
    "connexion.App.run": "only with the `flask` extra",
    "django.utils.log.getLogger": "gone in Django 1.9",
    "aiohttp_session.memcached_storage": "only with aiomcache",
    "aiomysql.Pool.cursor": "not in the current aiomysql; the pools of aiopg, which it follows, have it",
    "django.utils.http.is_safe_url": "gone in Django 4.0",
    "django.utils.http.urlquote": "gone in Django 4.0",
    "django.utils.http.urlquote_plus": "gone in Django 4.0",
    "fabric.api": "gone in Fabric 2",
    "fabric.operations": "gone in Fabric 2",
    "gradio.events.Dependency.success": "set on instances",
    "gradio.events.Dependency.then": "set on instances",
    "google.generativeai": "of google-generativeai, which shares its package with others",
    "google.cloud.spanner_dbapi": "of google-cloud-spanner, which shares its package with others",
    "mcp.server.fastmcp": "gone in mcp 2",
    "mistralai.Mistral": "elsewhere in mistralai 2",
    "mistralai.chat": "elsewhere in mistralai 2",
    "mongoengine.QuerySet.first_or_404": "of Flask-MongoEngine's query sets",
    "mongoengine.QuerySet.get_or_404": "of Flask-MongoEngine's query sets",
    "elasticsearch.dsl.Search.post_filter": "made for each search object",
    "elasticsearch.dsl.Search.query": "made for each search object",
    "pandas.read_gbq": "gone in pandas 3.0",
    "playhouse.sqlcipher_ext": "only with sqlcipher3",
    "pymysql.connections.Connection.escape_string": "gone in PyMySQL 1.2",
    "paramiko.DSSKey": "gone in Paramiko 4",
    "scrapli.Scrapli": "gone in scrapli 2026",
    "sqlalchemy.engine.Connection.connect": "gone in SQLAlchemy 2.0",
    "sqlalchemy.engine.Engine.execute": "gone in SQLAlchemy 2.0",
    "sqlalchemy.engine.Engine.scalar": "gone in SQLAlchemy 2.0",
    "werkzeug.http.parse_authorization_header": "gone in Werkzeug 3.0",
    "werkzeug.wrappers.Response.response": "set on instances",
}


def standard(package: str) -> bool:
    """Whether a top-level package is (or, in another version, was) part of the standard library."""
    return package in sys.stdlib_module_names or package in VERSIONS


def elsewhere(name: str, python: tuple[int, int] | None = None) -> str:
    """Why this Python (or that of the given version) may lack the name, or the current version of its library: another version or
    platform has it. "" if nothing is known."""
    now = python or sys.version_info[:2]
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        prefix = ".".join(parts[:end])
        since, until = VERSIONS.get(prefix, (_ALWAYS, _STILL))
        if now < since:
            return f"new in Python {since[0]}.{since[1]}"
        if now >= until:
            return f"gone in Python {until[0]}.{until[1]}"
        if prefix in OPTIONAL:
            return OPTIONAL[prefix]
        if prefix in LIBRARIES:
            return LIBRARIES[prefix]
    return ""
