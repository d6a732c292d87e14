"""What synthetic tutors are called and where they live; none of them exists.

The lists are drawn once, from a seed of their own: they are the same in every world and process,
however many tutors there are. Who gets which name is up to the seed of the world.
"""

from collections.abc import Callable

from faker import Faker

_SEED = 1


def _distinct(draw: Callable[[], str], count: int) -> tuple[str, ...]:
    """The first `count` different texts drawn, in the order they came."""
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        drawn[draw()] = None
    return tuple(drawn)


# Two providers out of 26: the others would only take time to load.
_fake = Faker("en_US", providers=["faker.providers.person", "faker.providers.address"])
_fake.seed_instance(_SEED)


def _place() -> str:
    """A town that does not exist, in one of the fifty states."""
    state = _fake.state_abbr(include_territories=False, include_freely_associated_states=False)
    return f"{_fake.city()}, {state}"


GIVEN = _distinct(_fake.first_name, 200)
FAMILY = _distinct(_fake.last_name, 400)
PLACES = _distinct(_place, 100)
