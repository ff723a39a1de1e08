"""The door to the simulated phones: what each person would receive, and what they may answer.

The texts hold whole links, so the door is behind the console's login, and open only to organisations that can use
nothing but the simulator: the phones of any other organisation belong to real people. Within such an organisation
every role may use the phones, for nothing there reaches anybody.
"""

from app.web.simulator.routes import router

__all__ = ["router"]
