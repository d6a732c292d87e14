"""`make preview-mails`: renders a sample of every mail into build/mails, for people to look at.

Beside the parts and the whole mail there are pictures at phone and desktop width, light and dark,
where Chromium is installed.
"""

import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Final

from events.mail_sample import NOW, samples
from infra_cdk.package.code import BUILD, mail_folder
from shared.mail.letter import Letter, Letters, Reader
from shared.mail.mime import mime

WIDTHS: Final = (360, 720)
SITE: Final = "https://tutors.example"
SENDER: Final = "Tutor Quality <reports@tutors.example>"
TALLEST: Final = 6_000
HEIGHT: Final = re.compile(r'data-height="(\d+)"')
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


def main(chosen: list[str]) -> None:
    """Write all samples, or those whose names are given."""
    folder = BUILD / "mails"
    folder.mkdir(parents=True, exist_ok=True)
    letters = Letters(mail_folder(), SITE, "care@tutors.example")
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    for name, (letter, reader) in samples(letters).items():
        if chosen and name not in chosen:
            continue
        _write(folder, name, letter, reader)
        if browser:
            _photograph(browser, folder, name)
    seen = "" if browser else "; no pictures, for that Chromium is needed"
    print(f"Samples are in {folder}{seen}")  # noqa: T201 - a command says what it made


def _write(folder: Path, name: str, letter: Letter, reader: Reader) -> None:
    (folder / f"{name}.html").write_text(letter.html)
    (folder / f"{name}.txt").write_text(f"Subject: {letter.subject}\n\n{letter.text}")
    mail = mime(
        letter, sender=SENDER, recipient="someone@tutors.example", message_id_source=name, at=NOW,
        unsubscribe_url=reader.unsubscribe_url,
    )  # fmt: skip
    (folder / f"{name}.eml").write_bytes(mail)


def _photograph(browser: str, folder: Path, name: str) -> None:
    for width in WIDTHS:
        page = folder / f"{name}.{width}.page.html"
        page.write_text(_framed((folder / f"{name}.html").read_text(), width))
        measured = HEIGHT.search(_browsed(browser, page, "--dump-dom"))
        height = int(measured[1]) if measured else TALLEST
        for scheme, option in (("light", "1"), ("dark", "0")):
            _browsed(
                browser, page, f"--blink-settings=preferredColorScheme={option}",
                f"--window-size={max(width, 500)},{height}",
                f"--screenshot={folder / f'{name}.{width}.{scheme}.png'}",
            )  # fmt: skip
        page.unlink()


def _browsed(browser: str, page: Path, *options: str) -> str:
    """What Chromium says of a page."""
    told = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options,
         page.as_uri()],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return told.stdout


def _framed(html: str, width: int) -> str:
    """A page that shows the mail in a frame as high as the mail, and says how high that is.

    Chromium's own window is never narrower than 500.
    """
    return (
        '<!doctype html><html style="color-scheme:light dark"><body style="margin:0">'
        f'<iframe srcdoc="{escape(html)}" width="{width}" height="100" style="border:0"></iframe>'
        "<script>onload = () => { const mail = document.querySelector('iframe');"
        "mail.height = mail.contentDocument.documentElement.scrollHeight;"
        "document.body.dataset.height = mail.height; }</script>"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
