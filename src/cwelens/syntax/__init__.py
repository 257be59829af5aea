"""From bytes to the intermediate representation: decoding, kinds of input, two parsers and the ladder between them."""

from cwelens.syntax.inputs import read, read_file, read_text
from cwelens.syntax.unit import Unit

__all__ = ["Unit", "read", "read_file", "read_text"]
