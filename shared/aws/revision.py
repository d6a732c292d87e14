"""Settings with their history: the version in force, and every version that ever was."""

from collections.abc import Callable

from shared.aws.item import dumped, key_item, loaded, number
from shared.aws.key import Key
from shared.aws.table import Table, unchanged
from shared.domain.revision import Versioned

type Place = Callable[[int | None], Key]
"""Where a version is kept; None: the one in force."""
LAST = 999_999


def put_revision[T](table: Table, place: Place, settings: Versioned[T]) -> None:
    """Put the next version in force and keep it; raises VersionConflictError for another's."""
    item = {"data": dumped(settings), "version": number(settings.version)}
    before = unchanged(settings.version - 1)
    table.transact(
        [
            {"Put": {"Item": key_item(place(None)) | item, **before}},
            {"Put": {"Item": key_item(place(settings.version)) | item}},
        ]
    )


def revisions[V](table: Table, kind: type[V], place: Place, most: int) -> list[V]:
    """The newest `most` versions, the newest first, and the one before: at last the defaults."""
    between = (place(0).sk, place(LAST).sk)
    items = table.query(place(None).pk, between, limit=most + 1, newest=True)
    found = [loaded(kind, item) for item in items]
    return found if len(found) > most else [*found, kind()]
