"""The command line of the check-up."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from taxi_assets.doctor import examine, lines


def main(environment: Mapping[str, str]) -> int:
    """Prints what is found as soon as it is; 1 when there is a problem."""
    problems = 0
    for about, finding in examine(environment):
        problems += finding.state == "problem"
        print("\n".join(lines(about, finding)), flush=True)
    print(f"\n{problems or 'No'} problem{'' if problems == 1 else 's'}.")
    return min(problems, 1)


if __name__ == "__main__":
    sys.exit(main(os.environ))
