"""What a check found, one line each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from app.carriers.base import Remark


def tell(remarks: "Iterable[Remark]") -> None:
    """Print them as they come. Raises typer.Exit with status 1 when something is wrong."""
    well = True
    for remark in remarks:
        well = well and remark.well
        print(f"{'ok   ' if remark.well else 'WRONG'} {remark.words}", flush=True)
    if not well:
        raise typer.Exit(1)
