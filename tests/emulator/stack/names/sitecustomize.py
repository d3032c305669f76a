"""Names below localhost are this machine (RFC 6761 §6.3), also where the system's resolver doesn't say so.

Python imports this by its name before anything else: the emulator of AWS then finds its own APIs, whose host names are of that kind.
"""

import socket

_by_the_system = socket.getaddrinfo


def getaddrinfo(host, *arguments, **named):
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _by_the_system(host, *arguments, **named)


socket.getaddrinfo = getaddrinfo
