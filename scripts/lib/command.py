"""The installed command, beside the Python that runs this."""

import sys
from pathlib import Path

HAAC = str(Path(sys.executable).with_name("haac"))
