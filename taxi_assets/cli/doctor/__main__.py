"""The command line of the check-up."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Collection, Mapping

from taxi_assets.cli.doctor import examine, lines
from taxi_assets.settings import load_env_file


def main(environment: Mapping[str, str], overridden: Collection[str] = ()) -> int:
    """Prints what is found as soon as it is; 1 when there is a problem."""
    states: Counter[str] = Counter()
    for about, finding in examine(environment, overridden):
        states[finding.state] += 1
        print("\n".join(lines(about, finding)), flush=True)
    warnings = f", {_counted(states['warning'], 'warning')}" if states["warning"] else ""
    print(f"\n{_counted(states['problem'], 'problem')}{warnings}.")
    return min(states["problem"], 1)


def _counted(number: int, word: str) -> str:
    return f"{number or 'No'} {word}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    changed = load_env_file()
    sys.exit(main(os.environ, changed))
