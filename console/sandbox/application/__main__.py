"""`python -m console.sandbox.application` runs one process of the example application."""

from __future__ import annotations

import os
import sys

from console.sandbox.application.server import main

if __name__ == "__main__":
    sys.exit(main(os.environ))
