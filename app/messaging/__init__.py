"""The core: the rules of a message, pure, shared by SMS and RCS.

Nothing here reads a clock, a file, a network or a database: instants, facts and rules are arguments, and an
ordinary outcome (denied, held, late, doubtful) is a value. In the order a message meets them:

phone, place    what a typed number means, and where its owner lives
content         a template becomes a text
encode          the text, cheaper, with every change shown
gsm7, national, national_tables, segmentation    what the text costs on the air
routing         which channel first, and when the second one may be used
consent         may this be said to this person at all
windows, holidays     when may it be said
categories, category_rules, throttle  what each purpose asks for, who goes first, and how fast
status          what the reports amount to
optout          what the person answered
explain         the same decisions, one JSON line at a time

Rules that change with time are records (`records.Rule`): `window_rules`, `holidays`, `numbering`,
`encode_table`, `optout_words` and `category_rules` are the ones Pli ships, and an operator may replace them.
"""
