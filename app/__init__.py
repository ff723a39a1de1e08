"""Pli, the service. The map of the house, from the roof down; imports only point down.

    main, worker, cli    the roots: HTTP application, jobs, command line
    wiring               the only place that picks concrete carriers, stores and keys
    web                  the doors: console, recipient, api, callbacks, simulator
    usecases             one verb per file: load, decide, act, record
    runtime              what a use case may use
    carriers db documents engine storage     the rooms where things are done
    crypto               keys, seals, passwords
    messaging evidence   the rules, pure
    core settings        errors, clock, jobs, log; the environment

The way of a payroll: receive_batch, split_batch, release_batch, announce_block, dispatch_sender, record_report, then
unlock_document and read_document on the phone. Each step leaves the next one as a job in its own transaction.
"""
