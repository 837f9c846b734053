"""What Gradescope's autograder calls: `python -m gradlab.labs.interchange OUT LOG RESULTS`."""

from __future__ import annotations

import sys
from pathlib import Path

from gradlab.labs.interchange._gradescope import write_results

if __name__ == "__main__":
    write_results(*map(Path, sys.argv[1:4]))
