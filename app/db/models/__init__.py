"""Every table of the application. `links` owns its own."""

from app.db.models.account import ApiKey, LoginThrottle, User, UserSession
from app.db.models.batch import Batch, MappingMemory, Upload
from app.db.models.callback_event import CallbackEvent
from app.db.models.carrier_health import CarrierHealth
from app.db.models.connection import CarrierConnection, ConnectionLease
from app.db.models.consent import ConsentRecord, InboxDecision, OptOutLink
from app.db.models.dead_number import DeadNumber
from app.db.models.document import Document
from app.db.models.journal import JournalEvent, JournalHead
from app.db.models.keys import DatabaseName, EpochCheck, KeyVerifier
from app.db.models.message import (
    Attempt,
    Block,
    DeliveryReport,
    InboundMessage,
    Message,
    MessageRequest,
    StaffReply,
)
from app.db.models.organisation import Organisation
from app.db.models.person import Person
from app.db.models.rule import DatedRule, MessagingChoices
from app.db.models.sender import Objection, Pace, Sender, Template
from app.db.models.simulator import SimulatedHandset, SimulatedMessage
from app.db.models.smpp import SmppPart, SmppPiece, SmppReceipt
from app.db.models.worker import ExecutorBeat, StalledJob

__all__ = [
    "ApiKey",
    "Attempt",
    "Batch",
    "Block",
    "CallbackEvent",
    "CarrierConnection",
    "CarrierHealth",
    "ConnectionLease",
    "ConsentRecord",
    "DatabaseName",
    "DatedRule",
    "DeadNumber",
    "DeliveryReport",
    "Document",
    "EpochCheck",
    "ExecutorBeat",
    "InboundMessage",
    "InboxDecision",
    "JournalEvent",
    "JournalHead",
    "KeyVerifier",
    "LoginThrottle",
    "MappingMemory",
    "Message",
    "MessageRequest",
    "MessagingChoices",
    "Objection",
    "OptOutLink",
    "Organisation",
    "Pace",
    "Person",
    "Sender",
    "SimulatedHandset",
    "SimulatedMessage",
    "SmppPart",
    "SmppPiece",
    "SmppReceipt",
    "StaffReply",
    "StalledJob",
    "Template",
    "Upload",
    "User",
    "UserSession",
]
