"""`make preview-mails`: renders a sample of every mail into build/mails, for people to look at.

Beside the parts and the whole mail there are pictures at phone and desktop width, light and dark,
where Chromium is installed.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from events.mail_sample import NOW, READER, sample_letters
from infra_cdk.package.code import BUILD, mail_folder
from shared.mail.letter import Letter, Letters
from shared.mail.mime import mime

WIDTHS: Final = (360, 720)
SITE: Final = "https://tutors.example"
SENDER: Final = "Tutor Quality <reports@tutors.example>"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


def main(chosen: list[str]) -> None:
    """Write all samples, or those whose names are given."""
    folder = BUILD / "mails"
    folder.mkdir(parents=True, exist_ok=True)
    letters = Letters(mail_folder(), SITE, "care@tutors.example")
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    for name, letter in sample_letters(letters).items():
        if chosen and name not in chosen:
            continue
        _write(folder, name, letter)
        if browser:
            _photograph(browser, folder, name)
    seen = "" if browser else "; no pictures, for that Chromium is needed"
    print(f"Samples are in {folder}{seen}")  # noqa: T201 - a command says what it made


def _write(folder: Path, name: str, letter: Letter) -> None:
    (folder / f"{name}.html").write_text(letter.html)
    (folder / f"{name}.txt").write_text(f"Subject: {letter.subject}\n\n{letter.text}")
    mail = mime(
        letter, sender=SENDER, recipient="someone@tutors.example", message_id_source=name, at=NOW,
        unsubscribe_url=READER.unsubscribe_url,
    )  # fmt: skip
    (folder / f"{name}.eml").write_bytes(mail)


def _photograph(browser: str, folder: Path, name: str) -> None:
    for width in WIDTHS:
        for scheme, option in (("light", "1"), ("dark", "0")):
            page = folder / f"{name}.{width}.{scheme}.page.html"
            page.write_text(_framed(name, width))
            subprocess.run(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 f"--blink-settings=preferredColorScheme={option}",
                 f"--window-size={max(width, 500)},2000",
                 f"--screenshot={folder / f'{name}.{width}.{scheme}.png'}", page.as_uri()],
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip
            page.unlink()


def _framed(name: str, width: int) -> str:
    """A page that shows the mail in a frame: Chromium's own window is never narrower than 500."""
    return (
        '<!doctype html><html style="color-scheme:light dark"><body style="margin:0">'
        f'<iframe src="{name}.html" width="{width}" height="2000" style="border:0"></iframe>'
    )


if __name__ == "__main__":
    main(sys.argv[1:])
