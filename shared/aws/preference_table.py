"""What people want to be told, as they set it; addresses are the user pool's and not kept here."""

from shared.aws import key
from shared.aws.item import dumped, key_item, loaded, number
from shared.aws.table import Table, unchanged
from shared.domain.preference import Preference


class PreferenceTable:
    """Each person's own settings."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def preference(self, username: str) -> Preference | None:
        """What somebody set, strongly read; None where they never did."""
        item = self._table.get(key.preference(username))
        return loaded(Preference, item) if item else None

    def put(self, preference: Preference) -> None:
        """Store the next version; raises VersionConflictError when it changed meanwhile."""
        item = key_item(key.preference(preference.username)) | {
            "data": dumped(preference, nulls=True),
            "version": number(preference.version),
        }
        self._table.put(item, unchanged(preference.version - 1))
