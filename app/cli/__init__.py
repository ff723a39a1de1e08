"""The `pli` command."""


def main() -> None:
    """Entry point of the `pli` command."""
