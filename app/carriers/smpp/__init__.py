"""SMPP 3.4: the line most operators and aggregators offer. From the wire up:

codec      what one message on the wire looks like, read leniently and written strictly; pure
parts      a text becomes the parts that travel; pure
receipts   what a delivery receipt says; pure
settings   what an operator gives for one connection
session    one bound link: window, pace, idle checks, answers
link       a link that is kept: reconnecting, and one process at a time
carrier    the link behind the `Carrier` protocol
store      what is kept between submission and receipt
"""
