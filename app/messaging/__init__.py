"""The core: the rules of a message, pure, shared by SMS and RCS.

Nothing here reads a clock, a file, a network or a database: instants, facts and rules are arguments, and an
ordinary outcome (denied, held, late, doubtful) is a value. In the order a message meets them:

numbers       what a typed number means, and where its owner lives
texts         a template becomes a text, said more cheaply with every change shown; what it costs on the air
permission    what it is for, may it be said to this person at all, and what the person answered
timing        when it may leave, and how fast
sending       from which sender, by which channel and connection, and what the reports amount to
explain       the same decisions, one JSON line at a time

Rules that change with time are records (`records.Rule`), and an operator may replace them: `rule_rows` lays the rows an
organisation changed over the ones Pli ships.
"""
