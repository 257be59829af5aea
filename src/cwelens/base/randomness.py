"""Tells text that was drawn at random from text that somebody thought up: by its entropy, its kinds of characters, and its repetitions.

A key, a token or a salt that a program has made is drawn evenly from an alphabet: it changes between kinds of characters at almost
every step, repeats little and spells nothing. Words, identifiers, paths and examples do not.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

# What people write where a real value will stand, or has stood.
_MADE_UP = re.compile(
    r"(?i)example|sample|dummy|fake|redacted|placeholder|change[-_]?(?:me|this)|replace[-_]?(?:me|this|with)|insert|your[-_]|"
    r"xxxx|\*{3}|\.\.\.|foobar|foo[-_]?bar|lorem|secret|password|token|qwerty|asdf|deadbeef|not[-_]?real|do[-_]?not|invalid|unused"
)
_BLACKED_OUT = re.compile(
    r"(?i)(?:^|[-_ .<*])(?:redacted|fake|dummy|placeholder|masked|hidden|your|xxx+|not[-_]?set)(?:$|[-_ .>*])"
)
_SAME = re.compile(r"(.)\1{4}")
_AGAIN = re.compile(r"^(.{1,8}?)\1+.{0,7}$", re.DOTALL)
_HEX = re.compile(r"^(?:[0-9a-f]+|[0-9A-F]+)$")
_UUID = re.compile(r"(?i)^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$")
# The alphabets of base 16, 32, 58, 62 and 64, plain or for addresses.
_DRAWN = re.compile(r"^[A-Za-z0-9_+~-](?:[A-Za-z0-9+_.~-]|/(?!/))+={0,2}$")
# How pictures, certificates, public keys and fonts begin in base64, and what is the digest of a file.
_ENCODED = re.compile(
    r"^(?:MII[A-Z]|AAAA[BCE]|iVBOR|R0lGOD|/9j/|UklGR|PHN2Zy|PD94b|d09G|T1RUTw|AAEAAA|JVBER|UEsDB|H4sI|eyJ|sha(?:1|256|384|512)-|data:|ssh-)"
)
_ALPHABET = re.compile(r"(?i)abcdef|zyxwvu|(?:012345|123456|234567|345678|987654)")
_SHORTEST = 16
# Bits for each character: 16 hex digits drawn at random hold 2.9 on the average, 32 letters and digits 4.5.
_BITS, _HEX_BITS = 3.3, 2.8
# In letters and digits drawn evenly two thirds of the steps go to another kind; in words and names a sixth does.
_CHANGES = 0.25
# A name with its words between hyphens has no long piece.
_BETWEEN = re.compile(r"[-_.~]")
_PIECE_LENGTH = 11
# The share of a text that words may be.
_SPELLED = 0.5
# A run of letters that can be said: vowels in it, and not more than three consonants on end.
_RUN = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_SAID = re.compile(r"(?i)^(?!.*[^aeiouy]{4})(?!.*[aeiouy]{4}).*[aeiouy]")


def bits(text: str) -> float:
    """Shannon's entropy of the characters of a text, in bits for each."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0


def made_up(text: str) -> bool:
    """Whether a text was typed by hand to stand for a value: it says so, counts, spells the alphabet, or repeats itself."""
    return bool(_MADE_UP.search(text) or _ALPHABET.search(text) or _SAME.search(text) or _AGAIN.match(text))


def stands_for_another(text: str) -> bool:
    """Whether a text says that it is no secret: because it has been blacked out, or is none at all."""
    return _BLACKED_OUT.search(text) is not None


def is_hex(text: str) -> bool:
    """Whether a text has the form of a digest, a commit or an identifier as much as that of a key."""
    return bool(_HEX.match(text) or _UUID.match(text))


def drawn(text: str) -> bool:
    """Whether a text can only have been drawn at random: no word, no name, no example, no encoded picture or digest."""
    if (
        len(text) < _SHORTEST
        or len(text) > 200
        or not _DRAWN.match(text)
        or _ENCODED.match(text)
        or made_up(text)
    ):
        return False
    if is_hex(text):
        return not _UUID.match(text) and len(text) % 2 == 0 and bits(text) >= _HEX_BITS and not text.isdigit()
    # A year or a version at the end is no chance.
    if not any(map(str.isdigit, text[:-4])) or not any(map(str.isalpha, text)):
        return False
    if not any(len(p) >= _PIECE_LENGTH and any(map(str.isdigit, p)) for p in _BETWEEN.split(text)):
        return False
    if bits(text) < _BITS or changes(text) < _CHANGES:
        return False
    # Names and paths are made of words, whatever stands between.
    return sum(len(run) for run in _RUN.findall(text) if _SAID.match(run)) <= len(text) * _SPELLED


def changes(text: str) -> float:
    """How many of the steps from one character to the next lead to another kind (small and capital letters, digits, others)."""
    kinds = [_kind(c) for c in text]
    return sum(a != b for a, b in pairwise(kinds)) / max(1, len(kinds) - 1)


def _kind(char: str) -> str:
    return "0" if char.isdigit() else "a" if char.islower() else "A" if char.isupper() else "."
