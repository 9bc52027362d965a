"""Names of layers as files can hold them."""

from __future__ import annotations

import re

_unsayable = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(name: str) -> str:
    """A name without the characters that XML has no way to say; U+FFFD stands in their places."""
    return _unsayable.sub("\ufffd", name)
