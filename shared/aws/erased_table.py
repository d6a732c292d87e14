"""Which students are to be forgotten: kept as fingerprints, without an end."""

from datetime import datetime

from shared.aws import key
from shared.aws.item import key_item, text
from shared.aws.table import Table
from shared.domain.erasure import fingerprint


class ErasedTable:
    """What `erase` writes down first; whoever stores what students are named in asks here."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, mark: str, at: datetime) -> None:
        """From now on nothing is stored of the student with this fingerprint; safe to repeat."""
        self._table.put(key_item(key.erased(mark)) | {"at": text(key.stamp(at))})

    def has(self, student_id: str) -> bool:
        """Whether a student is to be forgotten, strongly read."""
        return self._table.get(key.erased(fingerprint(student_id))) is not None

    def marks(self) -> frozenset[str]:
        """The fingerprints of all who are."""
        first, last = key.erased("").sk, key.erased("~").sk
        items = self._table.query(key.erased("").pk, (first, last))
        return frozenset(item["sk"]["S"].removeprefix(first) for item in items)
