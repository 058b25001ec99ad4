"""Which version this is."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer


def _said(asked: bool) -> None:  # noqa: FBT001 - the form typer calls it in
    if asked:
        typer.echo(f"simian-army {version('simian-army')}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_said, is_eager=True, help="Print the version and end.")]
