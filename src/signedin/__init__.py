"""Signedin shows a person where their account is signed in, and ends what should not be.

Rules decide, actions do, the store remembers, the gate recognises, the doors ask:

    server -> web | api | oauth | post -> gate -> actions -> store -> rules

rules/    what is true: values and decisions, the standard library only
store/    what is remembered: the only SQL
actions/  what can be done: one function, one transaction, one event
gate/     who is asking: in front of every request
api/      a door: REST for programs
web/      a door: pages for people
post/     the mail room: what is told to others after the commit
server/   wiring: settings, the one place where all parts meet, the command line
client/   for other apps
"""

__version__ = "0.1.0"
