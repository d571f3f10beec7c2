"""Who is signed in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Who calls.

    Attributes:
        id: of the person; name: as shown.
        role: viewer, trader or owner.
        session: id of the sign-in.
    """

    id: str
    name: str
    role: str
    session: str
