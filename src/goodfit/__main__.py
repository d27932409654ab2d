"""`python -m goodfit`: the command line."""

import sys

from goodfit.cli import main

if __name__ == "__main__":
    sys.exit(main())
