"""What people type: thin commands that parse, call and print."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``simian``; ends the process with the exit codes of errors.py."""
    from simian_army.cli.app import app
    from simian_army.errors import SimianError

    try:
        app()
    except SimianError as error:
        for line in str(error).splitlines():
            print(f"simian: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
