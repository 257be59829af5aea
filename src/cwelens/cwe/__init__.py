"""The CWE catalogue as cwelens uses it: typed facts, and a check of the CWE references in any report.

    >>> from cwelens.cwe import catalogue
    >>> catalogue().get(89).short_name
    'SQL Injection'

The modules `describe`, `check` and `cli` are imported by who needs them.
"""

from cwelens.cwe.catalogue import Catalogue, catalogue
from cwelens.cwe.entry import Category, Entry, Usage, View, Weakness
from cwelens.cwe.ids import BadId, CweError, UnknownCwe, label, parse_id

__all__ = [
    "BadId",
    "Catalogue",
    "Category",
    "CweError",
    "Entry",
    "UnknownCwe",
    "Usage",
    "View",
    "Weakness",
    "catalogue",
    "label",
    "parse_id",
]
