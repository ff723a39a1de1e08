"""Google RCS for Business, as a library that knows nothing of the service around it.

What is said, all of it pure: `limits`, `suggestions`, `content` and `message` (what exists is within the platform's
limits), `wire` (its JSON, both ways), `cards` (the messages Pli makes, and every name to make one), `degrade` (the same
message for a lesser phone). What is heard, pure as well: `events` (what a webhook tells), `webhook` (whether it is the
platform that tells it). The calls: `outcomes` (what an answer means, pure), `transport`, `token`, `client` (one method a
call), `capabilities` (who takes RCS, remembered), `retries` (when to try again, pure) and `messenger` (one message to one
phone: made to fit it, repeated where that is safe, settled).
"""
