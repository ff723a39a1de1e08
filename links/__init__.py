"""Expiring, password-protected links to sealed documents. Knows neither the application nor the ciphers it uses.

    text        the text of a link: one builder, one parser
    policy      which links an organisation may make, and when they end
    passwords   which access codes are refused
    ports       what the ciphers must do; the application gives them
    tables      link, link_session, link_throttle
    minting     a new link as a row
    state       what a link is at a moment (pure)
    limits      how many wrong passwords, and how long to wait
    opening     the order in which a link is opened, never changed
    sessions    the quarter of an hour after an opening
    lifecycle   writing, revoking and wiping links
    bulk        hundreds of rows in one statement

Opening goes: `prove` (reads only), `admit` (one short transaction), `unwrap` (Argon2, no transaction), then `opened`,
`wrong` or `give_back` (one short transaction). Each step takes what the one before returned. What happened comes back
as events for the caller to write in the same transaction.
"""
