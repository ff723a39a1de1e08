"""Send the messages of one block: decide, take a slot, commit the attempt, call the carrier, record the answer.

The attempt is committed as `submitting` before the carrier is called and no transaction is open during the call. A
block is one long job: it asks the tables at each turn what is left, so it can be cut at any point and run again, and
a recall of the batch takes effect at the next turn.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session

from app.carriers.base import Accepted, CarrierError, Refused, Submission
from app.core.jobs import Job
from app.db import journal
from app.db.models import Attempt, Message, Sender
from app.db.queries import batches, messages, people
from app.evidence import tags
from app.messaging import consent, routing, status, throttle, windows
from app.runtime import Runtime

TURN = 25
FLUSH_SECONDS = 0.4
RETRY_AFTER = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))
