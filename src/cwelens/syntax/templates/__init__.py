"""Page templates (Jinja, Django, Tornado, Mako) lowered to the intermediate representation."""

from __future__ import annotations
