"""The forms that services give their keys and tokens, as the services document them, so that the text alone tells what it is.

A form has a fixed beginning (or a fixed part) and a body drawn at random of known length. An example of the documentation has the form too:
its body says so, counts, or repeats itself. Public keys, and keys that are meant to be read in a browser, are no secrets.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass

from cwelens.base.randomness import bits, made_up


@dataclass(frozen=True, slots=True)
class Form:
    """`owner` is whose key it is, as it stands in a sentence; `public` whether such a key may stand in a page."""

    owner: str
    pattern: str
    public: bool = False


# What is left of the body after the fixed part decides whether it is an example: the last group of each pattern.
FORMS = (
    Form("AWS", r"(?:AKIA|ASIA|ABIA|ACCA)([0-9A-Z]{16})"),
    Form("GitHub", r"gh[pousr]_([0-9A-Za-z]{36,})"),
    Form("GitHub", r"github_pat_([0-9A-Za-z]{22}_[0-9A-Za-z]{59})"),
    Form("GitLab", r"gl(?:pat|dt|rt|ptt|ft|cbt|imt|agent|oas|soat|ffct)-([0-9A-Za-z_-]{20,})"),
    Form("Slack", r"xox[abeoprs]-([0-9A-Za-z-]{20,})"),
    Form("Slack", r"xapp-\d-([0-9A-Za-z-]{40,})"),
    Form("Slack", r"https://hooks\.slack\.com/(?:services|workflows)/(T[0-9A-Z]{8,}/[0-9A-Za-z]{8,}/[0-9A-Za-z]{20,})"),
    Form("Discord", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/([\w-]{60,})"),
    Form("Microsoft Teams", r"https://[\w-]+\.webhook\.office\.com/webhookb2/[\w@-]{70,}/IncomingWebhook/([0-9a-f]{32}/[\w-]{36})"),
    Form("Stripe", r"(?:sk|rk)_live_([0-9A-Za-z]{16,})"),
    Form("Stripe", r"whsec_([0-9A-Za-z+/=]{32,})"),
    Form("Google", r"AIza([0-9A-Za-z_-]{35})", public=True),
    Form("Google", r"GOCSPX-([0-9A-Za-z_-]{28})"),
    Form("Google", r"ya29\.([0-9A-Za-z_-]{40,})"),
    Form("SendGrid", r"SG\.([\w-]{22}\.[\w-]{43})"),
    Form("Mailgun", r"key-([0-9a-f]{32})"),
    Form("Mailchimp", r"([0-9a-f]{32})-us[0-9]{1,2}"),
    Form("Brevo", r"xkeysib-([0-9a-f]{64}-[0-9A-Za-z]{16})"),
    Form("npm", r"npm_([0-9A-Za-z]{36})"),
    Form("PyPI", r"pypi-(Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)[\w-]{50,})"),
    Form("RubyGems", r"rubygems_([0-9a-f]{48})"),
    Form("Docker Hub", r"dckr_[po]at_([\w-]{27,})"),
    Form("OpenAI", r"sk-(?:proj-|svcacct-|admin-)?([\w-]{20,}T3BlbkFJ[\w-]{20,})"),
    Form("Anthropic", r"sk-ant-(?:api|admin|oat)\d\d-([\w-]{80,})"),
    Form("Hugging Face", r"hf_([A-Za-z]{34,})"),
    Form("Groq", r"gsk_([0-9A-Za-z]{52})"),
    Form("Replicate", r"r8_([0-9A-Za-z]{37})"),
    Form("Perplexity", r"pplx-([0-9A-Za-z]{48})"),
    Form("DigitalOcean", r"do[opr]_v1_([0-9a-f]{64})"),
    Form("Databricks", r"dapi([0-9a-f]{32})(?:-\d)?"),
    Form("HashiCorp Vault", r"hv[sbr]\.([\w-]{24,})"),
    Form("Terraform Cloud", r"[0-9A-Za-z]{14}\.atlasv1\.([\w-]{60,})"),
    Form("Pulumi", r"pul-([0-9a-f]{40})"),
    Form("Doppler", r"dp\.(?:pt|st|sa|ct|scim|audit)\.([0-9A-Za-z._]{40,})"),
    Form("Grafana", r"glsa_([0-9A-Za-z]{32}_[0-9a-f]{8})"),
    Form("Grafana", r"glc_(eyJ[0-9A-Za-z+/=]{40,})"),
    Form("New Relic", r"NRAK-([0-9A-Z]{27})"),
    Form("Sentry", r"sntryu_([0-9a-f]{64})"),
    Form("Linear", r"lin_api_([0-9A-Za-z]{40})"),
    Form("Notion", r"ntn_([0-9A-Za-z]{46})"),
    Form("Airtable", r"pat([0-9A-Za-z]{14}\.[0-9a-f]{64})"),
    Form("Postman", r"PMAK-([0-9a-f]{24}-[0-9a-f]{34})"),
    Form("Atlassian", r"ATATT3xFfGF0([\w=-]{100,})"),
    Form("Shopify", r"shp(?:at|ca|pa|ss)_([0-9a-fA-F]{32})"),
    Form("Square", r"sq0[ai]tp-([\w-]{22})"),
    Form("Square", r"sq0csp-([\w-]{43})"),
    Form("Telegram", r"[0-9]{8,10}:AA([\w-]{33})"),
    Form("Discord", r"[MNO][0-9A-Za-z]{23,25}\.([\w-]{6}\.[\w-]{27,38})"),
    Form("Supabase", r"sbp_([0-9a-f]{40})"),
    Form("Azure", r"AccountKey=([0-9A-Za-z+/]{86}==)"),
    Form("Azure", r"SharedAccessKey=([0-9A-Za-z+/]{43}=)"),
    Form("Azure", r"[\w.~-]{3}8Q~([\w.~-]{34})"),
    Form("age", r"AGE-SECRET-KEY-1([0-9A-Z]{58})"),
)  # fmt: skip
_EACH = tuple((form, re.compile(rf"(?<![\w+/.-]){form.pattern}(?![\w-])")) for form in FORMS)
# One of these parts is in every text that has a form: a search for them all at once passes over nearly everything.
_PART = re.compile(
    r"A(?:KIA|SIA|BIA|CCA)[0-9A-Z]|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox[abeoprs]-|xapp-|/(?:services|workflows)/T|/webhooks/|webhookb2|[sr]k_live_|whsec_|AIza|"
    r"GOCSPX-|ya29\.|SG\.|key-[0-9a-f]|-us\d|xkeysib-|npm_|pypi-Ag|rubygems_|dckr_|T3BlbkFJ|sk-ant-|hf_|gsk_|r8_|pplx-|do[opr]_v1_|dapi[0-9a-f]|hv[sbr]\.|"
    r"\.atlasv1\.|pul-[0-9a-f]|dp\.|gls?[ac]_|NRAK-|sntryu_|lin_api_|ntn_|pat[0-9A-Za-z]{14}\.|PMAK-|ATATT3|shp(?:at|ca|pa|ss)_|sq0|:AA|"
    r"[MNO][0-9A-Za-z]{23,25}\.|sbp_|Account|SharedA|8Q~|AGE-S|eyJ|PRIVATE KEY"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY(?: BLOCK)?-----")
# What stands between the lines of a block: breaks, also written as escapes, quotes, and the lines of a header.
_BETWEEN = re.compile(r"\\[nrt]|[\s\"'+,]|[A-Z][A-Za-z-]+: [^\n\\]*")
_BLOCK = re.compile(r"[A-Za-z0-9+/=]{40,}")
_JWT = re.compile(r"(?<![\w.-])(eyJ[\w-]{10,})\.(eyJ[\w-]{10,})\.([\w-]{20,})(?![\w.-])")
# A body that has few different characters was not drawn.
_BITS = 2.6


def form_of(text: str) -> Form | None:
    """The form of the first key, token or private key in a text that can be a real one; None where there is none."""
    if not has_long_run(text) or _PART.search(text) is None:
        return None
    key = _PRIVATE_KEY.search(text)
    if key is not None:
        block = _BLOCK.match(_BETWEEN.sub("", text[key.end() : key.end() + 400]))
        if block is not None and _real(block[0]):
            return Form("a private key", "")
    token = _JWT.search(text)
    if token is not None and _signed(*token.groups()):
        return Form("a signed token (JWT)", "")
    for form, pattern in _EACH:
        for found in pattern.finditer(text):
            if _real(found[1]):
                return form
    return None


def has_long_run(text: str) -> bool:
    """Whether a text has characters of keys in a row, as many as any key has at least: few texts do."""
    return len(text) >= _SHORTEST and _LONG.search(text) is not None


_SHORTEST = 16
_LONG = re.compile(r"[\w.~+/=%-]{16}")


def _real(body: str) -> bool:
    return bits(body) >= _BITS and not made_up(body)


def _signed(header: str, payload: str, signature: str) -> bool:
    """Whether three parts are a token that somebody has signed for real, and not for everybody to read."""
    head, claims = _decoded(header), _decoded(payload)
    if not head or not claims or "alg" not in head or head["alg"] == "none" or not _real(signature):
        return False
    # The service's token for anonymous readers, and the person and subject of the standard's own examples.
    shown = {str(value).lower() for value in claims.values()}
    return not shown & {"anon", "john doe", "jane doe", "joe", "1234567890", "example.com"}


def _decoded(part: str) -> dict[str, object]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
