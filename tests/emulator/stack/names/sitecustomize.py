"""Resolves names below localhost to this machine (RFC 6761 §6.3), which some resolvers don't do.

Python imports a module of this name before anything else. The emulator of AWS then reaches its own
APIs, whose host names are below localhost.
"""

import socket

_by_the_system = socket.getaddrinfo


def getaddrinfo(host, *arguments, **named):
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _by_the_system(host, *arguments, **named)


socket.getaddrinfo = getaddrinfo
