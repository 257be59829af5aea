"""The names that Python itself gives: builtins of Python 2 and 3, the standard library's modules, and the builtin types' methods.

Taken from the interpreter that runs, plus what only other versions have. Nothing is imported for it.
"""

from __future__ import annotations

import builtins
import sys


def words(text: str) -> frozenset[str]:
    """The names in a text, separated by spaces."""
    return frozenset(text.split())


_PYTHON2 = words(
    "StandardError apply basestring buffer cmp coerce execfile file intern long raw_input reduce reload unichr unicode xrange"
)
_NEWER = words("ExceptionGroup BaseExceptionGroup PythonFinalizationError aiter anext")
_MODULE_ATTRIBUTES = words(
    "__name__ __file__ __doc__ __package__ __spec__ __loader__ __path__ __builtins__ __debug__ __dict__ __annotations__"
)
BUILTINS = frozenset(dir(builtins)) | _PYTHON2 | _NEWER | _MODULE_ATTRIBUTES

_PYTHON2_MODULES = words(
    "BaseHTTPServer CGIHTTPServer ConfigParser Cookie HTMLParser Queue SimpleHTTPServer SimpleXMLRPCServer "
    "SocketServer StringIO UserDict __builtin__ anydbm cPickle cStringIO commands cookielib copy_reg dummy_thread "
    "exceptions htmlentitydefs httplib md5 popen2 robotparser sets sha thread urllib2 urlparse xmlrpclib"
)
_OTHER_VERSIONS = words(
    "aifc annotationlib asynchat asyncore audioop cgi cgitb chunk compression crypt distutils imghdr imp lib2to3 "
    "mailcap msilib nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib"
)
STANDARD_LIBRARY = frozenset(sys.stdlib_module_names) | _PYTHON2_MODULES | _OTHER_VERSIONS

_TYPES: tuple[type, ...] = (
    *(
        object,
        str,
        bytes,
        bytearray,
        memoryview,
        int,
        float,
        complex,
        bool,
        list,
        tuple,
        dict,
        set,
        frozenset,
        range,
    ),
    *(slice, type, property, super, BaseException, type(None)),
)
_OLD_METHODS: dict[str, frozenset[str]] = {
    "str": words("decode"),
    "dict": words("has_key iteritems iterkeys itervalues viewitems viewkeys viewvalues"),
    "generator": words("send throw close next __next__ __iter__"),
}
_METHODS: dict[str, frozenset[str]] = {
    name: frozenset(dir(getattr(builtins, name, None) or object)) | _OLD_METHODS.get(name, frozenset())
    for name in {*(t.__name__ for t in _TYPES), *_OLD_METHODS}
}

# What a builtin callable or a method of a builtin type gives, where that is one type.
_RESULTS: dict[str, str] = {
    f"builtins.{callee}": f"builtins.{result}"
    for result, callees in {
        "str": "input raw_input repr ascii chr hex oct bin format unicode unichr str.join str.format str.format_map "
        "str.strip str.lstrip str.rstrip str.lower str.upper str.title str.capitalize str.casefold str.swapcase "
        "str.replace str.center str.ljust str.rjust str.zfill str.expandtabs str.translate str.removeprefix "
        "str.removesuffix bytes.decode bytearray.decode bytes.hex int.__str__ __name__ __file__ __doc__ __package__",
        "bytes": "str.encode bytes.join bytes.strip bytes.lstrip bytes.rstrip bytes.lower bytes.upper bytes.replace "
        "bytes.fromhex int.to_bytes",
        "int": "len hash id ord long str.find str.rfind str.index str.rindex str.count list.index list.count int.bit_length "
        "int.from_bytes bytes.find bytes.index bytes.count",
        "bool": "isinstance issubclass callable hasattr all any str.startswith str.endswith str.isdigit str.isalnum "
        "str.isalpha str.isidentifier str.isspace str.isupper str.islower str.isnumeric str.isdecimal",
        "list": "sorted dir str.split str.rsplit str.splitlines bytes.split bytes.splitlines list.copy",
        "tuple": "divmod str.partition str.rpartition dict.popitem",
        "dict": "vars globals locals dict.copy dict.fromkeys",
        "set": "set.union set.intersection set.difference set.copy set.symmetric_difference",
        "NoneType": "print setattr delattr exec list.append list.extend list.insert list.sort list.remove list.reverse "
        "list.clear dict.update dict.clear set.add set.discard set.remove set.update",
    }.items()
    for callee in callees.split()
} | {
    "builtins.open": "io.IOBase",
    "builtins.file": "io.IOBase",
    "builtins.dict.keys": "collections.abc.KeysView",
}
_CONSTRUCTORS = words(
    "str bytes bytearray memoryview int float complex bool list tuple dict set frozenset range slice object super type "
    "enumerate zip map filter reversed property xrange"
)
# Spellings of the builtin types in `typing`.
_TYPING: dict[str, str] = {
    **{
        f"typing.{name}": f"builtins.{name.lower()}"
        for name in ("List", "Dict", "Set", "Tuple", "FrozenSet", "Type")
    },
    "typing.Text": "builtins.str",
    "typing.LiteralString": "builtins.str",
    "typing_extensions.LiteralString": "builtins.str",
    "builtins.unicode": "builtins.str",
    "builtins.basestring": "builtins.str",
}


def is_standard(qualname: str) -> bool:
    """Whether a dotted name begins with a module of the standard library (`builtins.open` does)."""
    return qualname.partition(".")[0] in STANDARD_LIBRARY


# Modules whose functions give back objects of their own or plain data, never what they were handed.
_OWN_RESULTS = words(
    "ast base64 binascii calendar configparser csv datetime decimal difflib email fractions getpass glob gzip hashlib hmac html http io json "
    "locale logging math mimetypes os pathlib platform plistlib re secrets shlex shutil socket ssl statistics string struct subprocess sys "
    "tarfile tempfile textwrap time tomllib unicodedata urllib uuid xml zipfile zlib zoneinfo"
)


def gives_standard(qualname: str) -> bool:
    """Whether what a callable of the standard library gives back is made by the standard library."""
    return qualname.partition(".")[0] in _OWN_RESULTS


def canonical_type(qualname: str) -> str:
    """The builtin type for an alias of it (`typing.List`, Python 2's `unicode`), else the name itself."""
    return _TYPING.get(qualname, qualname)


def builtin_member(qualname: str) -> bool | None:
    """Whether `builtins.type.method` exists; None where the name is not of that form or the type is not known."""
    parts = qualname.split(".")
    if len(parts) != 3 or parts[0] != "builtins":
        return None
    known = _METHODS.get(parts[1])
    return None if known is None else parts[2] in known


def builtin_result(qualname: str) -> str | None:
    """The type that calling a builtin gives: `builtins.str.split` → `builtins.list`, `builtins.dict` → `builtins.dict`."""
    found = _RESULTS.get(qualname)
    if found is not None:
        return found
    if qualname.startswith("builtins."):
        name = qualname[9:]
        if name in _CONSTRUCTORS or _is_exception(name):
            return canonical_type(qualname)
    return None


def _is_exception(name: str) -> bool:
    return isinstance(getattr(builtins, name, None), type) and issubclass(
        getattr(builtins, name), BaseException
    )
