"""The door of whoever received a link: one calm page, then the document.

GET and HEAD consume nothing. Every route of `reading` goes through one guard, `authorize_bytes`.
"""

from fastapi import APIRouter

from app.web.recipient import entering, opt_out, reading
from app.web.recipient.first import FirstPageRoute
from app.web.recipient.pages import error_page

first_page = FirstPageRoute()
router = APIRouter(include_in_schema=False)
router.include_router(opt_out.router)
router.include_router(reading.router)
# Last: it takes every other address that begins with a ref.
router.include_router(entering.router)

__all__ = ["error_page", "first_page", "router"]
