"""Which concept with which value is which weakness: the table that joins the models' vocabulary to CWE.

A row is data. `cwe` is the most specific CWE whose mapping usage is Allowed or Allowed-with-Review in the catalogue (a test holds
every row to that). `safe_for` are the contexts (docs/models.md) that make an untrusted value harmless here. `repair` may have an entry for a
library, by its name in the models; "" is the general one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cwelens.checks.finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """`concept` is what is dangerous or weak; `harm` completes "… so that an attacker can"."""

    id: str
    concept: str
    cwe: int
    title: str
    severity: Severity
    harm: str
    repair: dict[str, str]
    safe_for: tuple[str, ...] = ()
    # Whether a parameter that arrives whole, with nothing put around it, already makes a conditional finding.
    whole_parameter: bool = False
    tags: tuple[str, ...] = field(default=())


def _flow(
    id: str,
    concept: str,
    cwe: int,
    title: str,
    severity: Severity,
    harm: str,
    repair: str,
    safe_for: tuple[str, ...] = (),
    whole_parameter: bool = False,
    **libraries: str,
) -> Rule:
    return Rule(id, concept, cwe, title, severity, harm, {"": repair, **libraries}, safe_for, whole_parameter)


def _weak(id: str, concept: str, cwe: int, title: str, severity: Severity, harm: str, repair: str) -> Rule:
    return Rule(id, concept, cwe, title, severity, harm, {"": repair})


_SQL_REPAIR = "Pass the value as a parameter of the query instead of putting it into its text: `execute(sql, (value,))`."

FLOW_RULES: tuple[Rule, ...] = (
    _flow("sql-injection", "sql.text", 89, "SQL injection", "high", "change the statement and read or alter other data", _SQL_REPAIR, ("sql",)),
    _flow("nosql-injection", "nosql.query", 943, "NoSQL injection", "high", "put operators into the query", "Convert the value to the type the field has (`str(value)`, `int(value)`) before it goes into the query.", ("nosql",)),
    _flow("xss", "html.body", 79, "Cross-site scripting", "medium", "run script in the browser of whoever opens the page", "Render the value through a template with autoescaping, or escape it: `markupsafe.escape(value)`.", ("html",)),
    _flow("xss-markup", "html.markup", 79, "Cross-site scripting", "medium", "run script in the browser of whoever opens the page", "Do not mark text that holds outside data as safe; escape the data first (`Markup('<b>{}</b>').format(value)`, `format_html`).", ("html",)),
    _flow("command-injection", "shell.command", 78, "OS command injection", "critical", "run any command with the rights of the program", "Run the program without a shell and pass a list: `subprocess.run(['program', value])`.", ("shell",), True),
    _flow("program-injection", "process.program", 78, "OS command injection", "critical", "choose the program that runs", "Choose the program from a fixed list of names.", ("shell",), True),
    _flow("argument-injection", "process.argv", 88, "Argument injection", "medium", "pass options to the program by a value that begins with `-`", "Put `--` before the value, or refuse values that begin with `-`.", ("argument", "shell")),
    _flow("eval-injection", "code.python", 95, "Code injection", "critical", "run any code inside the program", "Do not evaluate text from outside: `ast.literal_eval` for literals, a dictionary of allowed operations for anything else.", ("code",), True),
    _flow("unsafe-import", "code.import", 470, "Unsafe choice of code to load", "high", "choose which module or class is loaded", "Look the name up in a fixed dictionary of allowed modules.", ("code",)),
    _flow("path-traversal", "path.file", 22, "Path traversal", "high", "reach files outside the intended directory", "Take only the last component (`os.path.basename`, `werkzeug.utils.secure_filename`), or resolve the path and check that it stays below the base (`Path.is_relative_to`).", ("path",)),
    _flow("archive-traversal", "path.archive", 22, "Path traversal by archive members", "high", "write files outside the target directory", "Extract with a filter that refuses such members: `extractall(path, filter='data')`.", ("path",)),
    _flow("upload-name", "upload.save", 22, "Path traversal by upload name", "high", "choose where the uploaded file is written", "Save under a name of your own, or under `werkzeug.utils.secure_filename(name)`.", ("path",)),
    _flow("unsafe-deserialisation", "deserialise", 502, "Deserialisation of untrusted data", "critical", "run code by sending a crafted object", "Read a format that holds only data (JSON, `yaml.safe_load`), or verify a signature before loading.", ("deserialise",), True),
    _flow("xxe", "xml.document", 611, "XML external entities", "high", "read local files and reach internal hosts through the parser", "Switch external entities off (`lxml.etree.XMLParser(resolve_entities=False, no_network=True)`) or use `defusedxml`.", ("xml",)),
    _flow("xml-bomb", "xml.bomb", 776, "XML entity expansion", "medium", "exhaust memory with a small document", "Use `defusedxml`, or refuse documents with a DTD.", ("xml",)),
    _flow("ssrf", "url.request", 918, "Server-side request forgery", "high", "make the server send requests to hosts of the attacker's choice", "Fix the host in the code, or check the parsed host against a list of allowed ones.", ("url",)),
    _flow("open-redirect", "url.redirect", 601, "Open redirect", "medium", "send a user from a trusted link to any site", "Redirect only to local paths: check the parsed target (no scheme, no host), or choose from fixed targets.", ("redirect", "url")),
    _flow("ldap-injection", "ldap.filter", 90, "LDAP injection", "high", "change the filter and match other entries", "Escape the value: `ldap3.utils.conv.escape_filter_chars`, `ldap.filter.escape_filter_chars`.", ("ldap.filter",)),
    _flow("ldap-dn-injection", "ldap.dn", 90, "LDAP injection", "high", "name another entry", "Escape the value: `ldap3.utils.dn.escape_rdn`, `ldap.dn.escape_dn_chars`.", ("ldap.dn",)),
    _flow("xpath-injection", "xpath.expression", 643, "XPath injection", "high", "change the expression and select other nodes", "Pass the value as a variable: `tree.xpath('//user[@name=$name]', name=value)`.", ("xpath",)),
    _flow("xslt-injection", "xslt.document", 91, "XSLT injection", "high", "run a stylesheet that reads files and calls extension functions", "Load stylesheets only from files that belong to the program.", ("xml",)),
    _flow("log-injection", "log.message", 117, "Log injection", "low", "forge log lines with line breaks", "Remove line breaks before logging, or log with `%r`.", ("log",)),
    _flow("regex-injection", "regex.pattern", 1333, "Regular expression from untrusted text", "medium", "send a pattern that takes exponential time", "Escape the text with `re.escape`, or use plain string search.", ("regex",)),
    _flow("template-injection", "template.text", 1336, "Template injection", "critical", "run expressions inside the template engine", "Keep the template fixed and pass the value as a variable of its context.", ("template",), True),
    _flow("format-string", "format.string", 134, "Untrusted format string", "medium", "read attributes of the objects that are formatted", "Keep the format string fixed and pass the value as an argument.", ("template",)),
    _flow("header-injection", "header.value", 113, "HTTP header injection", "medium", "add headers or split the response", "Refuse values with line breaks.", ("header",)),
    _flow("header-name-injection", "header.name", 113, "HTTP header injection", "medium", "add headers or split the response", "Choose header names from a fixed list.", ("header",)),
    _flow("cookie-injection", "cookie.value", 113, "Header injection through a cookie", "low", "add attributes or headers", "Refuse values with line breaks and `;`.", ("header", "*")),
    _flow("trust-boundary", "session.value", 501, "Untrusted data in the session", "low", "place values that later code takes for its own", "Validate the value before it is kept in the session.", ("session",)),
    _flow("email-header-injection", "email.header", 93, "E-mail header injection", "medium", "add recipients or headers", "Refuse values with line breaks.", ("header",)),
    _flow("error-detail", "response.error", 209, "Error detail sent to the client", "low", "learn about files, queries and versions from error texts", "Log the error and answer with a fixed text.", ()),
)

WEAK_RULES: tuple[Rule, ...] = (
    _weak("hard-coded-password", "secret.password", 259, "Hard-coded password", "high", "use a password that everybody who sees the code knows", "Read it from the environment or a secret store, and change the exposed one."),
    _weak("hard-coded-key", "secret.key", 321, "Hard-coded cryptographic key", "high", "forge or read what the key protects", "Read the key from the environment or a secret store, and change the exposed one."),
    _weak("hard-coded-credential", "secret.credential", 798, "Hard-coded credential", "high", "use a credential that everybody who sees the code knows", "Read it from the environment or a secret store, and revoke the exposed one."),
    _weak("weak-hash", "hash.weak", 328, "Weak hash", "medium", "find another input with the same hash", "Use SHA-256 or better; pass `usedforsecurity=False` where the hash protects nothing."),
    _weak("weak-password-hash", "hash.password", 916, "Password hash that is too fast", "medium", "guess passwords at great speed from a stolen hash", "Hash passwords with Argon2, scrypt or bcrypt, with enough rounds."),
    _weak("weak-cipher", "cipher.weak", 327, "Broken cipher", "medium", "decrypt what it protects", "Use AES-GCM or ChaCha20-Poly1305."),
    _weak("weak-cipher-mode", "cipher.mode", 327, "Weak cipher mode", "medium", "see patterns in or change what is encrypted", "Use an authenticated mode: AES-GCM."),
    _weak("rsa-padding", "cipher.padding", 780, "RSA without OAEP", "medium", "decrypt by asking about the padding", "Use OAEP padding for encryption."),
    _weak("static-iv", "cipher.static-iv", 1204, "Fixed initialisation vector", "medium", "relate or decrypt messages under the same vector", "Make a new random vector for each message: `os.urandom(16)`."),
    _weak("weak-random", "random.weak", 338, "Predictable random number", "medium", "predict the value", "Use the `secrets` module: `secrets.token_urlsafe()`, `secrets.randbelow(n)`."),
    _weak("certificate-unchecked", "tls.unverified", 295, "Certificate not verified", "high", "stand between the program and the server", "Leave verification on; for a private CA pass its certificate (`verify='/path/ca.pem'`)."),
    _weak("hostname-unchecked", "tls.hostname", 297, "Host name not verified", "high", "stand between with a certificate of another host", "Leave `check_hostname` on."),
    _weak("old-tls", "tls.version", 327, "Outdated TLS version", "medium", "use known weaknesses of the protocol", "Use `ssl.create_default_context()`, or set `minimum_version = ssl.TLSVersion.TLSv1_2`."),
    _weak("host-key-unchecked", "ssh.hostkey", 295, "SSH host key not verified", "high", "stand between the program and the server", "Load known host keys and use `RejectPolicy`."),
    _weak("short-key", "key.short", 326, "Key too short", "medium", "compute the private key", "Use at least 2048 bits for RSA and DSA, 224 for elliptic curves."),
    _weak("jwt-unverified", "jwt.unverified", 347, "Token signature not verified", "high", "forge a token", "Verify the signature with the expected key and algorithms."),
    _weak("jwt-none", "jwt.none", 347, "Token without signature", "high", "forge a token", "Name the expected algorithms and never `none`."),
    _weak("temporary-file", "tempfile.race", 377, "Insecure temporary file", "low", "create the file first", "Use `tempfile.NamedTemporaryFile` or `tempfile.mkstemp`."),
    _weak("debug-mode", "debug.on", 489, "Debug mode in service", "high", "run code through the debugger or read internals", "Switch it off in code; take it from the environment for development only."),
    _weak("cookie-not-secure", "cookie.secure", 614, "Cookie without Secure", "medium", "read the cookie on an unencrypted connection", "Set `secure=True`."),
    _weak("cookie-not-httponly", "cookie.httponly", 1004, "Cookie without HttpOnly", "low", "read the cookie by script", "Set `httponly=True`."),
    _weak("cookie-samesite", "cookie.samesite", 1275, "Cookie with SameSite=None", "low", "have the cookie sent from other sites", "Set `samesite='Lax'` or `'Strict'`."),
    _weak("csrf-off", "csrf.off", 352, "CSRF protection switched off", "medium", "make a user's browser send requests that change data", "Leave the protection on."),
    _weak("autoescape-off", "template.autoescape", 79, "Template engine without HTML escaping", "medium", "run script in the browser of whoever opens the page", "Create the environment with `autoescape=select_autoescape()`."),
    _weak("world-permission", "permission.world", 732, "File open to every user", "medium", "read or change the file on the same machine", "Give only the rights that are needed: `0o600`, `0o640`."),
    _weak("cors-any", "cors.any", 942, "Cross-origin policy that trusts any site", "medium", "read answers from any web page in the user's name", "List the origins that may read."),
    _weak("bind-all", "bind.all", 1327, "Listens on every interface", "low", "reach a service meant for the machine itself", "Bind to the interface that is needed."),
    _weak("xml-entities", "xml.entities", 611, "XML parser made to resolve entities", "high", "read local files and reach internal hosts through the parser", "Leave external entities off, or use `defusedxml`."),
    _weak("timing", "timing.compare", 208, "Secret compared in variable time", "low", "find the secret byte by byte from the time the test takes", "Compare with `hmac.compare_digest`."),
    _weak("toctou", "toctou", 367, "File checked before use", "low", "exchange the file between check and use", "Open the file and handle the error, or check the open descriptor."),
    _weak("archive-unfiltered", "archive.filter", 22, "Archive extracted without filter", "medium", "write outside the target directory with a crafted archive", "Pass `filter='data'`."),
    _weak("any-host", "host.any", 183, "Any Host header accepted", "low", "poison links and caches with a false host", "List the host names that the site has."),
    _weak("cleartext", "cleartext.protocol", 319, "Unencrypted protocol", "medium", "read what is sent on the way", "Use the encrypted variant of the protocol."),
    _weak("redos", "regex.subject", 1333, "Regular expression with runaway backtracking", "medium", "stall the program with a short text", "Rewrite the expression so that no text can be split in many ways, or bound the length of the text."),
    _weak("sensitive-log", "log.sensitive", 532, "Sensitive data in the log", "medium", "read secrets from log files", "Do not log the value; log that it is set."),
    _weak("cleartext-storage", "cleartext.storage", 312, "Sensitive data stored in clear text", "medium", "read secrets from storage", "Encrypt or hash it before it is stored."),
    _weak("upload-type", "upload.type", 434, "Upload of any type", "medium", "place a file that is run or shown as a page", "Allow a fixed list of extensions and types."),
)

RULES: dict[str, Rule] = {rule.concept: rule for rule in (*FLOW_RULES, *WEAK_RULES)}
BY_ID: dict[str, Rule] = {rule.id: rule for rule in (*FLOW_RULES, *WEAK_RULES)}
