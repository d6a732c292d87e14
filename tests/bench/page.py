"""How fast the dashboard is in Chromium, with 5,000 tutors, and how much of it is sent."""

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import CDPSession, Page

from infra_cdk.local.browser import chromium, sign_in
from infra_cdk.local.screenshots import PAGES
from infra_cdk.local.sign_in import let_people_in
from infra_cdk.local.stack import throwaway_stack
from infra_cdk.package.site import site_folder
from tests.bench import units
from tests.bench.result import Result, Row, median, under
from tests.bench.store import load

TUTORS: Final = 5_000
KB: Final = 1000
"""As the goals count."""

AT_RISK: Final = 'main li a[href^="/tutors/"]'
WATCH: Final = """
window.longest = 0; window.shift = 0;
new PerformanceObserver(seen => seen.getEntries().forEach(task => {
  window.longest = Math.max(window.longest, task.duration);
})).observe({ type: "longtask", buffered: true });
new PerformanceObserver(seen => seen.getEntries().forEach(moved => {
  if (!moved.hadRecentInput) window.shift += moved.value;
})).observe({ type: "layout-shift", buffered: true });
new MutationObserver(() => {
  if (!window.usable && document.querySelector('AT_RISK'))
    window.usable = performance.now();
}).observe(document, { subtree: true, childList: true });
""".replace("AT_RISK", AT_RISK)
"""Usable is Home when the first tutor at risk can be clicked."""

UNTIL_OTHER: Final = """
async act => {
  const seen = () => {
    const table = document.querySelector("[role=table]");
    return table.ariaRowCount + table.querySelector("[role=rowgroup]").textContent;
  };
  const before = seen();
  const began = performance.now();
  act();
  while (seen() === before) {
    if (performance.now() - began > 5000) throw new Error("no other rows came");
    await new Promise(requestAnimationFrame);
  }
  await new Promise(done => setTimeout(done));
  return performance.now() - began;
}
"""
"""From an act to the frame in which other rows are drawn."""

PRESS: Final = f"""
name => ({UNTIL_OTHER})(() => {{
  const buttons = [...document.querySelectorAll("[role=columnheader] button")];
  buttons.find(one => one.textContent.startsWith(name)).click();
}})
"""
WRITE: Final = f"""
words => ({UNTIL_OTHER})(() => {{
  const field = document.querySelector("main input[type=search]");
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  set.call(field, words);
  field.dispatchEvent(new Event("input", {{ bubbles: true }}));
}})
"""
NOTES: Final = (
    "From a reload without the browser's cache to the moment the first tutor at risk can be"
    " clicked, against the local stack, whose functions are warm; a slower processor is Chromium's"
    " own throttling. Sorting and filtering last until other rows are drawn. Sizes are gzipped.",
)


def run(quick: bool) -> Result:
    """Sizes from the built files, times in the browser, each the median of several."""
    return Result("Dashboard", (*_sizes(site_folder()), *_times(3 if quick else 7)), NOTES)


def _sizes(site: Path) -> Iterator[Row]:
    """What the first page needs before it can ask for data, and what other pages add."""
    page = (site / "index.html").read_text()
    first = set(re.findall(r'"/(assets/[^"]+\.js)"', page))
    styles = re.findall(r'"/(assets/[^"]+\.css)"', page)
    lazy = {str(path.relative_to(site)) for path in site.glob("assets/*.js")} - first
    yield _size("JavaScript of the first page", [site / name for name in first], 200)
    yield _size("style sheets", [site / name for name in styles], 12)
    largest = max(lazy, key=lambda name: _packed(site / name))
    yield _size(f"largest part of other pages ({_plain(largest)})", [site / largest], 60)


def _size(name: str, files: list[Path], goal_kb: float) -> Row:
    return under(name, sum(map(_packed, files)) / KB, goal_kb, "kB")


def _packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), compresslevel=6, mtime=0))


def _plain(name: str) -> str:
    return Path(name).name.split("-", 1)[0]


def _times(times: int) -> Iterator[Row]:
    with signed_in() as (page, cdp):
        data = _first_data(page)
        yield under(f"first data of Home, {TUTORS:,} tutors", data / KB, 60, "kB")
        for slower, goal in ((1, 1.0), (4, 2.0)):
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": slower})
            loads = [_load(page) for _ in range(times)]
            where = f"{TUTORS:,} tutors" + (
                f", processor {slower} times slower" if slower > 1 else ""
            )
            usable = median([one["usable"] for one in loads]) / 1000
            yield under(f"Home usable, {where}", usable, goal, "s")
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        yield from _worst(page, times)
        _open_tutors(page)
        sorts = [page.evaluate(PRESS, name) for name in ("Sessions", "Tutor") * times]
        yield under(f"sorting {TUTORS:,} tutors", median(sorts), 100, "ms")
        texts = [page.evaluate(WRITE, words) for words in ("t-00", "t-0049", "") * times]
        yield under(f"filtering {TUTORS:,} tutors by text", median(texts), 100, "ms")


@contextmanager
def signed_in(*flags: str) -> Iterator[tuple[Page, CDPSession]]:
    """Home, opened by an operations manager of a stack with so many tutors."""
    with throwaway_stack(site=True) as stack, chromium(*flags) as browser:
        deployed = stack.deployed
        cards = list(units.cards(TUTORS, datetime.now(UTC)))
        load(deployed.client("dynamodb"), deployed.table, cards)
        let_people_in(deployed)
        deployed.client("lambda").invoke(
            FunctionName=deployed.function_name("summarize_platform"), Payload=b"{}"
        )
        page = browser.new_page(
            base_url=deployed.front_door, viewport={"width": 1440, "height": 900}
        )
        page.add_init_script(WATCH)
        sign_in(page)
        _wait_until_usable(page)
        cdp = page.context.new_cdp_session(page)
        cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
        yield page, cdp


def _worst(page: Page, times: int) -> Iterator[Row]:
    """The longest task and the layout shift of the page that does worst."""
    first = page.locator(AT_RISK).first.get_attribute("href") or ""
    found = {
        name: [_opened(page, address) for _ in range(times)]
        for name, address in (PAGES | {"tutor": first}).items()
    }
    for what, title, goal, unit in (
        ("longest", "longest task", 200, "ms"),
        ("shift", "layout shift (CLS)", 0.001, ""),
    ):
        medians = {name: median([one[what] for one in loads]) for name, loads in found.items()}
        worst = max(medians, key=lambda name: medians[name])
        yield under(f"{title} of the worst page ({worst})", medians[worst], goal, unit)


def _opened(page: Page, address: str) -> dict[str, Any]:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    found: dict[str, Any] = page.evaluate("({ longest, shift })")
    return found


def _load(page: Page) -> dict[str, Any]:
    page.reload()
    _wait_until_usable(page)
    page.wait_for_load_state("networkidle")
    found: dict[str, Any] = page.evaluate("({ usable })")
    return found


def _wait_until_usable(page: Page) -> None:
    """Playwright's own waiting for a condition is eval, which the site's policy forbids."""
    page.locator(AT_RISK).first.wait_for(state="attached", timeout=60_000)


def _first_data(page: Page) -> int:
    """Bytes of the answers that Home needs to be usable, also of those the browser had."""
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer) if "/api/" in answer.url else None)
    page.reload()
    _wait_until_usable(page)
    needed = list(answers)
    page.wait_for_load_state("networkidle")
    return sum(len(gzip.compress(answer.body(), compresslevel=6)) for answer in needed)


def _open_tutors(page: Page) -> None:
    """The table, when all tutors are there."""
    page.goto("/tutors")
    table = f'[role=table][aria-rowcount="{TUTORS + 1}"]'
    page.wait_for_selector(table, timeout=60_000)
    page.wait_for_load_state("networkidle")
