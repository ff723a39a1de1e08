"""Google RCS for Business as a carrier: `rcs/` speaks to the platform, this says what its answers mean for a message.

settings    what an operator gives: the agent, its region, the key file, the token of the webhook
carrier     how a card is sent and taken back
checking    whether all of it works, in plain words
hearing     what the platform tells by the webhook
"""
