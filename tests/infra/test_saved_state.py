"""What a local stack held survives a clean stop, and a cut never leaves half a state."""

from pathlib import Path

import pytest

from infra_cdk.local.folder import BusyError, Folder
from infra_cdk.local.saved_state import SAVED, Found, drop, forget_last, prepare


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def save(folder: Folder, content: str, *, completely: bool = True) -> None:
    """What the emulator does when it stops: replace its files, then leave the mark."""
    folder.state.mkdir(exist_ok=True)
    written = folder.state / "dynamodb.json.tmp"
    written.write_text(content)
    written.rename(folder.state / "dynamodb.json")
    if completely:
        (folder.state / SAVED).touch()


def held(folder: Folder) -> str:
    return (folder.state / "dynamodb.json").read_text()


def test_the_first_start_finds_nothing(folder: Folder) -> None:
    assert prepare(folder) is Found.NOTHING


def test_a_clean_stop_is_gone_on_from(folder: Folder) -> None:
    save(folder, "monday")

    assert prepare(folder) is Found.SAVED
    assert held(folder) == "monday"


def test_a_run_that_was_cut_off_goes_on_from_the_state_before_it(folder: Folder) -> None:
    save(folder, "monday")
    prepare(folder)
    save(folder, "half of tuesday", completely=False)

    assert prepare(folder) is Found.INTERRUPTED
    assert held(folder) == "monday"


def test_a_first_run_that_was_cut_off_leaves_nothing(folder: Folder) -> None:
    prepare(folder)
    save(folder, "half of monday", completely=False)

    assert prepare(folder) is Found.LOST
    assert not folder.state.exists()


def test_two_cuts_in_a_row_still_find_the_good_state(folder: Folder) -> None:
    save(folder, "monday")
    for _ in range(2):
        prepare(folder)
        save(folder, "half", completely=False)

    assert prepare(folder) is Found.INTERRUPTED
    assert held(folder) == "monday"


def test_a_deployment_that_was_broken_off_is_forgotten(folder: Folder) -> None:
    save(folder, "monday")
    prepare(folder)
    save(folder, "half deployed")
    forget_last(folder)

    assert prepare(folder) is Found.INTERRUPTED
    assert held(folder) == "monday"


def test_dropping_forgets_both(folder: Folder) -> None:
    save(folder, "monday")
    prepare(folder)
    drop(folder)

    assert prepare(folder) is Found.NOTHING


def test_two_stacks_cannot_share_a_folder(folder: Folder) -> None:
    folder.lock()

    with pytest.raises(BusyError):
        folder.lock()
