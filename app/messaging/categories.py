"""What a message is for, and who goes first when a sender has more to say than its pace allows."""

from enum import StrEnum


class Category(StrEnum):
    """The purpose of a message, which decides consent and sending window.

    An offer inside a transactional text makes it marketing (operators' charter, functional messages).
    """

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"
    CONVERSATIONAL = "conversational"
    ALERT = "alert"


_ORDER = (Category.ALERT, None, Category.CONVERSATIONAL, Category.TRANSACTIONAL, Category.MARKETING)


def priority(category: Category, access_code: bool = False) -> int:
    """Rank in a sender's queue, 0 first: alert, access code, conversation, transactional, marketing.

    A code somebody is waiting for in front of a screen passes everything but an alert.
    """
    if access_code and category is not Category.ALERT:
        return _ORDER.index(None)
    return _ORDER.index(category)
