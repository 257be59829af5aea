"""Regular expressions as text: what they admit and remove, where they are slow, and where their author slipped.

Nothing here runs a pattern against the standard library's engine: patterns under review may be made to hang it.
"""
