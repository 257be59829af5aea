"""Where in an HTML page a place stands: what a browser would take text at that place for.

A `Scanner` is fed the literal text of a page and told where values are put in; it knows enough of HTML and of the lexical form of
JavaScript to say of each such place whether it is text, a part of a tag, an attribute, an address, script or style.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Attributes whose value is an address that a browser may follow as script (`javascript:`), by element.
ADDRESSES = {
    "href": frozenset(("a", "area", "base")),
    "xlink:href": frozenset(("a",)),
    "action": frozenset(("form",)),
    "formaction": frozenset(("button", "input")),
    "src": frozenset(("iframe", "frame", "embed", "script")),
    "data": frozenset(("object",)),
}
# Elements whose content is not markup.
RAW = frozenset(("script", "style", "textarea", "title", "xmp", "noframes"))
SCRIPTS = frozenset(("", "module", "text/javascript", "application/javascript", "text/ecmascript"))
_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_ATTRIBUTE = re.compile(r"[^\s/>=]+")
_SPACE_OR_END = re.compile(r"[\s>]")
_HOLE = "\x01"
# The content of a tag that sends the browser on, up to the address.
_REFRESH = re.compile(r"^\s*\d+\s*[;,]\s*(?:url\s*=\s*)?[\"']?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """`kind` is text, tag, attribute (in quotes), unquoted, url (the start of an address), refresh (where the page sends on), script, handler, style or comment.

    `quote` is the quote around an attribute, `script` the one that is open in JavaScript ("" in code, "//" in a comment);
    `element` and `attribute` are lower-case names.
    """

    kind: str
    quote: str = ""
    script: str = ""
    element: str = ""
    attribute: str = ""


TEXT = Place("text")


class Scanner:
    """The state of a browser's reader after the text it was fed."""

    def __init__(self) -> None:
        self._mode = "text"
        self._element = ""
        self._attribute = ""
        self._quote = ""
        self._written = ""
        self._type = ""
        self._script = Script()

    def hole(self) -> Place:
        """The place where a value is put in now; the value counts as text that ends nothing."""
        place = self._place()
        if self._mode == "value":
            self._written += _HOLE
        elif self._mode == "equals":
            self._mode, self._quote, self._written = "value", "", _HOLE
        elif self._mode == "raw":
            self._script.feed(_HOLE)
        return place

    def _place(self) -> Place:
        mode = self._mode
        if mode == "comment":
            return Place("comment")
        if mode == "raw":
            if self._element == "script" and self._type in SCRIPTS:
                return Place("script", script=self._script.quote, element="script")
            if self._element == "style":
                return Place("style", element="style")
            return Place("text", element=self._element)
        if mode in ("value", "equals"):
            quote = self._quote if mode == "value" else ""
            value = self._written if mode == "value" else ""
            name = self._attribute
            if name.startswith("on") and len(name) > 2:
                script = Script()
                script.feed(value)
                return Place("handler", quote, script.quote, self._element, name)
            if not value.strip() and self._element in ADDRESSES.get(name, ()):
                return Place("url", quote, "", self._element, name)
            if name == "content" and self._element == "meta" and _REFRESH.search(value):
                return Place("refresh", quote, "", self._element, name)
            if name == "style" and quote:
                return Place("style", quote, "", self._element, name)
            return Place("attribute" if quote else "unquoted", quote, "", self._element, name)
        if mode == "tag":
            return Place("tag", element=self._element)
        return TEXT

    def feed(self, text: str) -> None:
        """Reads on."""
        at = 0
        while at < len(text):
            at = _MODES[self._mode](self, text, at)

    # Each mode reads from a place and gives the place where it stopped.

    def _text(self, text: str, at: int) -> int:
        start = text.find("<", at)
        if start < 0:
            return len(text)
        if text.startswith("<!--", start):
            self._mode = "comment"
            return start + 4
        name = _NAME.match(text, start + 1)
        if name is not None:
            self._element, self._type, self._attribute = name.group().lower(), "", ""
            self._mode = "tag"
            return name.end()
        if text.startswith(("</", "<!", "<?"), start):
            self._element = ""
            self._mode = "tag"
        return start + 1

    def _comment(self, text: str, at: int) -> int:
        end = text.find("-->", at)
        if end < 0:
            return len(text)
        self._mode = "text"
        return end + 3

    def _tag(self, text: str, at: int) -> int:
        char = text[at]
        if char == ">":
            self._mode = "raw" if self._element in RAW else "text"
            self._script = Script()
            return at + 1
        if char == "=":
            self._mode, self._written = "equals", ""
            return at + 1
        if char.isspace() or char == "/":
            return at + 1
        name = _ATTRIBUTE.match(text, at)
        if name is None:
            return at + 1
        self._attribute = name.group().lower()
        return name.end()

    def _equals(self, text: str, at: int) -> int:
        char = text[at]
        if char.isspace():
            return at + 1
        self._mode, self._written = "value", ""
        self._quote = char if char in "\"'" else ""
        return at + 1 if self._quote else at

    def _end(self, text: str, at: int) -> int:
        if self._quote:
            return text.find(self._quote, at)
        found = _SPACE_OR_END.search(text, at)
        return found.start() if found else -1

    def _in_value(self, text: str, at: int) -> int:
        end = self._end(text, at)
        if end < 0:
            self._written += text[at:]
            return len(text)
        self._written += text[at:end]
        if self._attribute == "type":
            self._type = self._written.strip().lower()
        self._mode = "tag"
        return end + 1 if self._quote else end

    def _raw(self, text: str, at: int) -> int:
        end = text.lower().find(f"</{self._element}", at)
        self._script.feed(text[at:] if end < 0 else text[at:end])
        if end < 0:
            return len(text)
        self._mode = "text"
        return end


_MODES = {
    "text": Scanner._text,
    "comment": Scanner._comment,
    "tag": Scanner._tag,
    "equals": Scanner._equals,
    "value": Scanner._in_value,
    "raw": Scanner._raw,
}


class Script:
    """The lexical state of JavaScript: `quote` is the open quote, "//" or "/*" in a comment, "" in code."""

    __slots__ = ("_skip", "quote")

    def __init__(self) -> None:
        self.quote = ""
        self._skip = False

    def feed(self, text: str) -> None:
        previous = ""
        for char in text:
            quote = self.quote
            if self._skip:
                self._skip = False
            elif quote in ("'", '"', "`"):
                if char == "\\":
                    self._skip = True
                elif char == quote or (char == "\n" and quote != "`"):
                    self.quote = ""
            elif quote == "//":
                if char == "\n":
                    self.quote = ""
            elif quote == "/*":
                if previous == "*" and char == "/":
                    self.quote = ""
            elif char in "'\"`":
                self.quote = char
            elif previous == "/" and char in "/*":
                self.quote = "/" + char
            previous = char
