"""Close codes: 3000 to 3499 say come again, 3500 to 3999 say don't, and so do those from 4000 on, each in its way."""

from __future__ import annotations

__all__ = [
    "BAD_MESSAGE",
    "BAD_PARAMETER",
    "FAILED",
    "FORBIDDEN",
    "GOING_AWAY",
    "NORMAL",
    "STUCK",
    "TOO_MANY",
    "UNAUTHORIZED",
    "UNAVAILABLE",
]

# The client asked for it.
NORMAL = 1000

# Come again.
GOING_AWAY = 3000  # the gateway shuts down: at once, on another one
STUCK = 3001  # no byte moved for a minute
FAILED = 3002  # the gateway failed within
UNAVAILABLE = 3003  # Redis does not answer

# Mend it, and do not come again as you are.
BAD_MESSAGE = 3500  # a message was no JSON object, or too long
BAD_PARAMETER = 3501  # a parameter is not usable; the error message before says which

# The token is not good, or no longer: come again with another.
UNAUTHORIZED = 4001

# Not allowed: neither by the token, nor to pages of this origin. Do not come again as you are.
FORBIDDEN = 4003

# A limit is reached: come again, after a while.
TOO_MANY = 4029
