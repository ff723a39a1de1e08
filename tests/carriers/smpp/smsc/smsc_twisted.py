"""Small SMSC simulator on smpp.twisted3 0.8 + smpp.pdu3 0.6 (Apache-2.0): a strict second implementation. It listens on 127.0.0.1 only.

Usage: python smsc_twisted.py [PORT] [RECEIPT_DELAY_SECONDS] [-v]
Environment: PORT, DLR_MS, SYSTEM_ID, PASSWORD. The last two digits of destination_addr choose what happens: see README.md.
"""

import itertools
import json
import os
import sys
import time

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    CommandStatus,
    EsmClass,
    EsmClassMode,
    EsmClassType,
    MessageState,
    RegisteredDeliveryReceipt,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import IAuthenticatedSMPP, SMPPServerFactory
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer, reactor
from zope.interface import implementer

ARGS = [a for a in sys.argv[1:] if a != "-v"]
VERBOSE = "-v" in sys.argv
PORT = int(ARGS[0]) if ARGS else int(os.environ.get("PORT", "2777"))
DLR = float(ARGS[1]) if len(ARGS) > 1 else int(os.environ.get("DLR_MS", "50")) / 1000
USERS = {os.environ.get("SYSTEM_ID", "esme1"): os.environ.get("PASSWORD", "secret08")}
ids = itertools.count(0x2000)


def text(v):
    return v if isinstance(v, str) else v.decode()


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatar, mind, *interfaces):  # noqa: N802 - Twisted's name
        return IAuthenticatedSMPP, avatar, lambda: None


class Users(InMemoryUsernamePasswordDatabaseDontUse):
    credentialInterfaces = (IUsernamePassword,)  # noqa: N815 - Twisted's name

    def requestAvatarId(self, c):  # noqa: N802 - Twisted's name
        user = text(c.username)
        return defer.succeed(user) if USERS.get(user) == text(c.password) else defer.fail(UnauthorizedLogin())


def handler(system_id, smpp, pdu):
    p = pdu.params
    mid, dst = f"{next(ids):08X}", p["destination_addr"].decode()
    if VERBOSE:
        payload = p.get("message_payload")
        print(
            json.dumps(
                {
                    "ev": "submit_sm",
                    "id": mid,
                    "dst": dst,
                    "src": p["source_addr"].decode(),
                    "ston": str(p["source_addr_ton"]),
                    "dc": str(p["data_coding"]),
                    "esm": str(p["esm_class"]),
                    "rd": str(p["registered_delivery"]),
                    "sm": (p["short_message"] or b"").hex(),
                    "payload": payload.hex() if payload else None,
                }
            ),
            flush=True,
        )
    refused = {
        "80": CommandStatus.ESME_RTHROTTLED,
        "81": CommandStatus.ESME_RMSGQFUL,
        "82": CommandStatus.ESME_RINVDSTADR,
    }.get(dst[-2:])
    if refused:
        return refused
    if p["registered_delivery"].receipt != RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED:
        now, failed = time.strftime("%y%m%d%H%M"), dst[-2:] == "92"
        stat, state = (
            ("UNDELIV", MessageState.UNDELIVERABLE) if failed else ("DELIVRD", MessageState.DELIVERED)
        )
        body = f"id:{mid} sub:001 dlvrd:{'000' if failed else '001'} submit date:{now} done date:{now} stat:{stat} err:000 text:".encode()
        reactor.callLater(
            DLR,
            lambda: smpp.sendDataRequest(
                DeliverSM(
                    source_addr=p["destination_addr"],
                    destination_addr=p["source_addr"],
                    short_message=body,
                    receipted_message_id=mid.encode(),
                    message_state=state,
                    esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT),
                )
            ),
        )
    return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=mid.encode())


config = SMPPServerConfig(msgHandler=handler, systems={user: {"max_bindings": 4} for user in USERS})
listener = reactor.listenTCP(
    PORT, SMPPServerFactory(config, Portal(Realm(), [Users()])), interface="127.0.0.1"
)
print(f"smsc_twisted on 127.0.0.1:{listener.getHost().port}", flush=True)
reactor.run()
