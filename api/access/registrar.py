"""Where the people of a live run are looked after."""

from dataclasses import dataclass

from api.access.challenges import Challenges
from api.access.passkeys import Ceremonies
from api.access.people import People


@dataclass(frozen=True, slots=True)
class Registrar:
    """People, the challenges they were given, and the ceremonies they go through."""

    people: People
    challenges: Challenges
    ceremonies: Ceremonies
