"""What a student is called where people read: the same in every session, and nowhere else.

A keyed digest (HMAC-SHA-256): who has the marketplace's ids can not find out whose alias one is,
as with a plain digest they could by trying all. Session ids lead to a student, in the marketplace,
whoever may look there.
"""

import hmac
from base64 import b32encode
from hashlib import sha256

from shared.domain.erasure import is_nobody

BYTES = 5
"""Of a million students, two share an alias with a chance of one in three; of a tutor's, never."""
ERASED = "erased"


def student_alias(secret: str, student_id: str) -> str:
    """Eight letters and digits for a student; "erased" for one who is nobody any more."""
    if is_nobody(student_id):
        return ERASED
    digest = hmac.digest(secret.encode(), b"student " + student_id.encode(), sha256)
    return b32encode(digest[:BYTES]).decode().lower()
