"""The door of whoever received a link: one calm page, then the document."""

from app.web.recipient.pages import error_page
from app.web.recipient.routes import router

__all__ = ["error_page", "router"]
