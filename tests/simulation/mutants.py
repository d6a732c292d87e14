"""`make simulate MUTANTS=1`: safeguards taken out one by one; the simulation must notice each.

A harness that finds nothing wrong proves nothing until it is known to find what is.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
MOST_SEEDS: Final = 500
"""Histories of each mode in which a mutant has to be noticed."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One safeguard less: a line of a file, and what stands there instead.

    `how` says in which histories it is looked for first, in the words of `make simulate`: a race
    that only one history in a hundred runs into would take minutes to come by.
    """

    name: str
    file: str
    line: str
    instead: str
    how: tuple[str, ...] = ()


MUTANTS: Final = (
    Mutant(
        "no version condition on a session",
        "shared/aws/tutor_log.py",
        '[{"Put": {"Item": item, **unchanged(before.number)}}]',
        '[{"Put": {"Item": item}}]',
    ),
    Mutant(
        "every report refused",
        "functions/report_webhook.py",
        "            return inbox.receive(delivery, sent.content_hash)\n",
        "            raise ContentConflictError(delivery.webhook_id)\n",
    ),
    Mutant(
        "other content taken for a repeat",
        "shared/aws/inbox.py",
        '            if known["content_hash"]["S"] not in same:\n',
        "            if False:\n",
    ),
    Mutant(
        "the secret of before a rotation forgotten",
        "shared/aws/secret.py",
        '(stored["current"], stored.get("previous"))',
        '(stored["current"],)',
    ),
    Mutant(
        "what nobody answered taken for delivered",
        "shared/aws/delivery.py",
        "            except PermanentError as refused:\n",
        "            except UnansweredError:\n"
        "                state = SENT\n"
        "            except PermanentError as refused:\n",
        ("--whole", "--first", "370"),
    ),
    Mutant(
        "what SES could not take just then taken for refused",
        "shared/aws/delivery.py",
        "            except PermanentError as refused:\n",
        "            except Exception as refused:\n",
        ("--whole", "--first", "20"),
    ),
    Mutant(
        "a mail given up at its first fault",
        "shared/aws/delivery.py",
        "            if mail.given_up(at):\n",
        "            if True:\n",
        ("--whole", "--first", "20"),
    ),
    Mutant(
        "no second score when what was told ahead falls due",
        "functions/score_tutor.py",
        "    if due is None:\n",
        "    if True:\n",
        ("--mode", "no faults", "--first", "70"),
    ),
    Mutant(
        "mails noted as sent before they were",
        "shared/aws/delivery.py",
        "                note, state = hand_over(), SENT\n",
        "                state = SENT\n",
        ("--whole",),
    ),
    Mutant(
        "only the first of several managers mailed",
        "shared/aws/delivery.py",
        "        for to in them:\n",
        "        for to in list(them)[:1]:\n",
        ("--whole",),
    ),
    Mutant("no sweep", "functions/sweep_inbox.py", "    queue.hint_again(again)\n", ""),
    Mutant(
        "early return when a report is already applied",
        "shared/aws/apply.py",
        "    return retried(once)\n",
        "    known = log.session(session_id).value\n"
        "    done = known is not None and merged(known) == known\n"
        "    return Applied(()) if done else retried(once)\n",
    ),
    Mutant(
        "pending cleared before scoring",
        "functions/score_tutor.py",
        "    delivery, _ = found\n",
        "    delivery, _ = found\n    inbox.clear_pending(delivery.webhook_id, now())\n",
    ),
    Mutant(
        "the old tutor forgotten",
        "shared/aws/apply.py",
        "    return retried(once)\n",
        "    return Applied(retried(once).tutors[-1:])\n",
    ),
    Mutant(
        "only the first page of a query",
        "shared/aws/table.py",
        "            if not last or left == 0:\n",
        "            if True:\n",
    ),
    Mutant(
        "an eventually consistent read of the log",
        "shared/aws/table.py",
        '            "ConsistentRead": strongly,\n',
        '            "ConsistentRead": False,\n',
    ),
    Mutant(
        "two writes instead of one transaction",
        "shared/aws/tutor_log.py",
        "        self._table.transact(actions)\n",
        "        for action in actions:\n            self._table.transact([action])\n",
    ),
    Mutant(
        "a duplicate without its hint",
        "functions/report_webhook.py",
        "    if receipt.pending:\n",
        "    if receipt.pending and not receipt.duplicate:\n",
    ),
    Mutant(
        "failures of a batch swallowed",
        "shared/aws/batch.py",
        'return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}',
        'return {"batchItemFailures": []}',
    ),
    Mutant(
        "a scorecard put without its condition",
        "shared/aws/scorecard_table.py",
        "        condition = unchanged(before.version)\n        if moved:\n",
        "        condition = unchanged(before.version) and {}\n        if moved:\n",
        ("--first", "180"),
    ),
    Mutant("no sweep of mails", "functions/sweep_mail.py", "queue.ask(again)", "[]"),
    Mutant(
        "a mail handed over by whoever comes",
        "shared/aws/mail_table.py",
        "at + lease, unanswered), condition)",
        "at + lease, unanswered), condition and {})",
        ("--whole", "--mode", "no faults"),
    ),
    Mutant(
        "mails put after their cause",
        "shared/aws/intervention_table.py",
        "        self._table.transact([*actions, *with_it])\n",
        "        self._table.transact(actions)\n"
        "        if with_it:\n            self._table.transact(with_it)\n",
        ("--whole", "--mode", "faults", "--first", "1410"),
    ),
    Mutant(
        "who moved what is not written down",
        "shared/aws/admission.py",
        "    trail.put(replace(who.row, status=HTTPStatus.OK.value, shown=shown))\n",
        "    return\n",
        ("--whole", "--mode", "no faults"),
    ),
    Mutant(
        "forgotten whom nobody could be asked to predict",
        "functions/score_tutor.py",
        "    failed |= pass_on(",
        "    pass_on(",
    ),
    Mutant(
        "a desk put without its condition",
        "shared/aws/intervention_table.py",
        '{"Item": desk, **unchanged(before.version)}',
        '{"Item": desk}',
        ("--whole", "--mode", "no faults", "--first", "980"),
    ),
    Mutant(
        "a move that is not known again",
        "functions/intervention_api.py",
        "    if stands(before, order, version):\n",
        "    if False:\n",
        ("--whole", "--mode", "faults", "--first", "635"),
    ),
    Mutant(
        "a prediction put over a newer one",
        "shared/aws/prediction_table.py",
        '"attribute_not_exists(pk) OR predicted_at <= :at"',
        '"attribute_not_exists(pk) OR predicted_at <= :at OR predicted_at > :at"',
        ("--whole", "--mode", "faults", "--first", "200"),
    ),
)


def noticed(mutant: Mutant, seeds: int = MOST_SEEDS) -> str | None:
    """The first sentence the simulation says against a mutant; None if it says nothing.

    Raises RuntimeError where it did not come to say anything: what breaks off has noticed nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("functions", "shared", "tests/simulation"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        for name in (
            "tests/__init__.py",
            "tests/table.py",
            "tests/builders.py",
            "tests/churn_models.py",
        ):
            shutil.copy(ROOT / name, copy / name)
        place = copy / mutant.file
        source = place.read_text()
        if source.count(mutant.line) != 1:
            raise LookupError(f"{mutant.name}: {mutant.file} has no such line, or several")
        place.write_text(source.replace(mutant.line, mutant.instead))
        told = subprocess.run(
            [
                sys.executable, "-m", "tests.simulation", "--until-wrong", "--seeds", str(seeds),
                *mutant.how,
            ],
            cwd=copy, capture_output=True, text=True, check=False,
        )  # fmt: skip
    found = re.search(r"^(?:no )?(?:faults|redrive), seed \d+: .*$", told.stderr, re.MULTILINE)
    if told.returncode and not found:
        raise RuntimeError(f"{mutant.name}: {told.stderr}")
    return found and found[0]


def main() -> int:
    """Status 1 where any mutant lives."""
    alive = 0
    for mutant in MUTANTS:
        found = noticed(mutant)
        alive += found is None
        print(f"{mutant.name}: {found or 'NOT NOTICED'}")
    print(f"{len(MUTANTS) - alive} of {len(MUTANTS)} noticed")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
