"""Names that people give to weaknesses and that MITRE's names and alternate terms do not settle.

Each row: the weaknesses the words mean, best first; companions, ids that the same words are fairly used for;
the words. The kin of what the words mean, and the members of a category among the companions, are accepted
without being listed. A row replaces whatever the catalogue says about its words.

`NOT_A_WEAKNESS` are alternate terms of the catalogue that mean a concept, an attack in general, or too many
weaknesses to conclude anything from: they name nothing.
"""

from __future__ import annotations

COMMON_NAMES: tuple[tuple[tuple[int, ...], tuple[int, ...], str], ...] = (
    # Injection
    (
        (79,),
        (116, 692),
        "xss; cross site scripting; reflected xss; stored xss; persistent xss; dom xss; dom based xss",
    ),
    (
        (79,),
        (116, 692),
        "reflected cross site scripting; stored cross site scripting; html injection; script injection",
    ),
    ((89,), (116,), "sql injection; sqli; sql query injection; blind sql injection"),
    ((78, 77), (88,), "command injection; shell injection; shell command injection; cmdi"),
    ((78,), (77, 88), "os command injection; os injection"),
    (
        (94, 95),
        (470, 917),
        "code injection; python code injection; arbitrary code injection; dynamic code execution",
    ),
    ((95,), (94,), "eval injection"),
    (
        (1336,),
        (94, 917),
        "template injection; server side template injection; ssti; client side template injection",
    ),
    ((943,), (89,), "nosql injection; nosqli"),
    ((643,), (91,), "xpath injection"),
    ((91,), (643, 611, 776), "xml injection"),
    ((117,), (93, 116), "log injection; log forging; log poisoning"),
    ((93,), (113, 117), "crlf injection; email header injection; smtp injection"),
    ((113,), (93, 644), "http header injection; http response splitting; response splitting"),
    ((1427,), (20, 77, 94, 1426), "prompt injection"),
    ((134,), (), "format string vulnerability; format string injection; uncontrolled format string"),
    # Files and addresses
    (
        (22,),
        (41, 59, 73, 98, 706),
        "path traversal; directory traversal; path injection; dot dot slash; arbitrary file traversal",
    ),
    ((41,), (22,), "path equivalence"),
    ((23,), (22, 59, 73), "zip slip; tar slip"),
    ((98,), (22, 73, 829), "local file inclusion; lfi; remote file inclusion; rfi; file inclusion"),
    ((434,), (), "unrestricted file upload; arbitrary file upload; unrestricted upload"),
    ((59,), (61, 363, 377), "symlink attack; symlink following; symlink race; link following"),
    ((377,), (59, 378, 379, 668), "insecure temporary file; insecure temp file"),
    ((601,), (), "open redirect; open redirection; unvalidated redirect; url redirection"),
    ((918,), (441, 610), "ssrf; server side request forgery"),
    (
        (611,),
        (827, 776),
        "xxe; xxe injection; xml external entity; xml external entity injection; external entity",
    ),
    (
        (776,),
        (400,),
        "xml bomb; billion laughs; entity expansion; xml entity expansion; billion laughs attack",
    ),
    ((409,), (400,), "zip bomb; decompression bomb; gzip bomb"),
    # Access
    (
        (639,),
        (99, 566, 706, 862),
        "idor; insecure direct object reference; bola; broken object level authorization",
    ),
    (
        (862, 863, 284),
        (1345, 1436, 1031),
        "broken access control; missing access control; access control bypass",
    ),
    ((862,), (306, 566, 639), "missing authorization; missing authorization check"),
    ((306,), (862,), "missing authentication"),
    ((1390, 306, 287), (1353, 1442, 930, 1028), "broken authentication"),
    ((352,), (1275, 346), "csrf; xsrf; cross site request forgery"),
    ((915,), (), "mass assignment; autobinding; overposting"),
    ((732,), (276, 284), "insecure permission; insecure file permission; overly permissive file permission"),
    (
        (942,),
        (284, 346, 16),
        "cors misconfiguration; permissive cors; overly permissive cors; permissive cors policy",
    ),
    ((307,), (287, 521, 799), "brute force; brute force attack"),
    ((307, 799, 770), (), "missing rate limiting; missing rate limit; no rate limiting"),
    ((204,), (203,), "user enumeration; username enumeration; account enumeration"),
    ((1021,), (693,), "clickjacking; click jacking; ui redressing"),
    # Secrets and cryptography
    (
        (259, 798),
        (256, 260, 312, 321, 522, 540, 547),
        "hard coded password; password in source code; password hard coded",
    ),
    (
        (798,),
        (200, 256, 260, 312, 321, 522, 540, 547, 615),
        "hard coded credential; hard coded secret; hard coded api key; hard coded token; embedded credential",
    ),
    ((321,), (320, 798), "hard coded key; hard coded cryptographic key; hard coded encryption key"),
    (
        (327,),
        (310, 325, 326, 328, 916),
        "weak cryptography; weak encryption; weak cipher; broken cryptography; weak cryptographic algorithm; "
        "insecure cryptographic algorithm; broken cryptographic algorithm; insecure cipher; weak crypto",
    ),
    (
        (328,),
        (327, 759, 916),
        "weak hash; weak hashing; insecure hash; weak hash algorithm; weak hash function",
    ),
    ((759,), (328, 760, 916), "unsalted hash; missing salt"),
    (
        (338,),
        (310, 330, 335, 340, 1241),
        "weak random; insecure random; insecure randomness; weak randomness; weak prng; "
        "insecure random number; "
        "insecure random number generator; predictable random number",
    ),
    (
        (295,),
        (345, 599),
        "missing certificate validation; disabled certificate validation; insufficient certificate validation; "
        "disabled tls verification; improper tls certificate validation; missing tls verification",
    ),
    ((208,), (203, 385), "timing attack; timing side channel"),
    # Information
    (
        (200,),
        (209, 311, 312, 319, 359, 497, 524, 532, 538, 548, 552, 598, 668, 212, 226, 922, 934, 1029, 1346),
        "information disclosure; information leak; information leakage; information exposure; "
        "sensitive data exposure; "
        "sensitive information disclosure; sensitive information exposure; data leak; data leakage",
    ),
    ((359,), (200, 312, 532), "privacy violation; privacy leak; privacy leakage"),
    ((319,), (523, 614, 5), "cleartext transmission; cleartext transmission of sensitive information"),
    ((312,), (256, 522), "cleartext storage; cleartext storage of sensitive information; plaintext storage"),
    ((209,), (200, 497, 756), "stack trace exposure; verbose error message; error message disclosure"),
    ((532,), (200, 312, 359), "sensitive data in log; sensitive information in log; cleartext logging"),
    ((778,), (223, 779, 1355, 1444), "insufficient logging; missing logging"),
    # Data, memory and time
    (
        (502,),
        (913, 915),
        "deserialization; insecure deserialization; unsafe deserialization; untrusted deserialization",
    ),
    ((502,), (915, 1321), "object injection; php object injection; unsafe pickle; pickle deserialization"),
    (
        (1333,),
        (185, 625, 730),
        "redos; regular expression denial of service; regex dos; catastrophic backtracking",
    ),
    ((770, 400), (399, 674, 789, 834, 1333), "resource exhaustion; uncontrolled resource consumption"),
    ((362,), (), "race condition"),
    (
        (367,),
        (362,),
        "toctou; toctou race; toctou race condition; time of check time of use; toctou race vulnerability",
    ),
    ((772,), (399, 402, 403, 404), "resource leak"),
    ((401,), (399, 400), "memory leak"),
    ((775,), (403, 772), "file descriptor leak; file handle leak"),
    ((787, 120, 119), (131, 193, 680), "buffer overflow; buffer overrun"),
    ((121,), (119, 400, 674, 770, 789, 1325), "stack overflow"),
    ((190,), (189, 191, 680, 681, 682), "integer overflow"),
    ((476,), (252, 690, 754), "null pointer dereference; null dereference; null deref"),
    (
        (1395,),
        (937, 1035, 1104, 1352, 1438),
        "vulnerable dependency; vulnerable component; known vulnerable component",
    ),
)

NOT_A_WEAKNESS = """
    allow list; allowlist; authc; authentification; authn; authorization; authz; binary planting; black
    list; blacklist; block list; blocklist; css; deny list; denylist; dependency confusion; drive by
    download; emergent fault; functional change; injection; interaction error; interception attack;
    marshaling; memory corruption; memory safety; never assuming your secrets are safe; on path attack;
    output encoding; output sanitization; output validation; overflow; phi; pickling; pii; ppi; referrer;
    safe list; safelist; separation of privilege; side channel attack; symlink; unmarshaling; unpickling;
    untrusted path; validate before cleanse; white list; white space; whitelist; wrap; wrap around;
    wraparound; adversary in the middle; aitm; attacker in the middle; man in the middle; mitm; person in
    the middle; pitm; monkey in the middle; monster in the middle; manipulator in the middle
"""
