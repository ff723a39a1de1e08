"""What can go wrong with a sealed thing."""

from app.core.errors import PliError


class SealBroken(PliError):
    """A sealed value does not open with the key it names: damaged, moved from elsewhere, or of an unknown format."""
