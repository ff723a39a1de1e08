"""A double of Google's platform on the loopback interface: phones, tokens, messages, events, and everything that goes wrong.

It takes and refuses as the guide says; whether a body is right is for the judges. A test plays the phones
(`world.deliver`, `expire`, `tap`, ...), plans faults (`plan`) and looks at what came (`requests`).
"""

from tests.rcs.platform.faults import Fault
from tests.rcs.platform.server import Platform, platform
from tests.rcs.platform.state import ALL_FEATURES, Handset, Request, Stored

__all__ = ["ALL_FEATURES", "Fault", "Handset", "Platform", "Request", "Stored", "platform"]
