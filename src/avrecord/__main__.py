"""Entry point. Sets Chinese up before click is imported, and turns every error into its sentence and code."""

from __future__ import annotations

import gettext
import os
import sys
from importlib.resources import files


def main() -> None:
    """Run the command line and exit with the code of the outcome."""
    # A service has LANG=C.UTF-8; click asks gettext while it builds its own options.
    os.environ["LANGUAGE"] = "zh_CN"
    gettext.bindtextdomain("avrecord", str(files("avrecord") / "locale"))
    gettext.textdomain("avrecord")
    from avrecord.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
