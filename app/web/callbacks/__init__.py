"""The door of carriers: what became of a message, and what people answer.

Nobody logs in here. Each provider proves itself its own way (one file each): by a signature over the public address, or
by a token that only an address of ours holds. What is not proven changes nothing. An event is stored before it is
acknowledged, and the same event again changes nothing, so a provider may repeat as it likes.

routes      reads the request, asks the provider's file, stores, answers
together    reports that come at the same moment are stored in one transaction
"""

from app.web.callbacks.routes import router

__all__ = ["router"]
