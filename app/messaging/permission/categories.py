"""What a message is for: its category, and the kind of thing said."""

from enum import StrEnum


class Category(StrEnum):
    """The purpose of a message, which decides consent, window, sender, mentions and rank (see `category_rules`).

    An offer inside a transactional text makes it marketing (operators' charter, functional messages).
    """

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"
    CONVERSATIONAL = "conversational"
    ALERT = "alert"


class Kind(StrEnum):
    """What is said, finer than the category: it gives a new template its category, and an access code its rank."""

    NOTICE = "notice"  # a document or a fact the person waits for
    ACCESS_CODE = "access_code"
    APPOINTMENT = "appointment"
    REMINDER = "reminder"
    ABANDONED_BASKET = "abandoned_basket"
    OFFER = "offer"
    INFORMATION = "information"  # of a charity or a town: it sells nothing, and is not waited for
    REPLY = "reply"
    WARNING = "warning"  # danger, fraud, closure: what nobody may hold
