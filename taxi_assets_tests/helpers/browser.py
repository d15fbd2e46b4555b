"""A headless browser on Dagster's UI: found, started, photographed, and what it showed kept when a test fails.

What a user does in the UI stands in test_browser.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Without these it would call home, which tests do without.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
THEMES = ("Light", "Dark")
# Most waits are for the daemon, and the machine may have other things to do.
PATIENCE_SECONDS = 180


def find_browser() -> str | None:
    """The path of a Chromium or Chrome on PATH, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def browsing(url: str, kept: Path) -> Iterator[Page]:
    """A page of the UI at `url`; if the block fails, what the page showed is left in the folder `kept`."""
    with sync_playwright() as playwright:
        # A profile of its own, in a temporary folder, is Playwright's default.
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        context = browser.new_context(
            base_url=url, viewport={"width": 1700, "height": 820}, locale="en-US", timezone_id="UTC"
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        page = context.new_page()
        try:
            yield page
        except BaseException as error:
            _keep(page, kept, error)
            raise
        finally:
            browser.close()


def _keep(page: Page, folder: Path, error: BaseException) -> None:
    # A page that has crashed shows nothing, and the first error is the one to tell.
    with suppress(PlaywrightError):
        page.screenshot(path=folder / "page.png")
        (folder / "page.txt").write_text(page.locator("body").inner_text())
        error.add_note(f"The page at {page.url} is kept in {folder}: page.png and page.txt.")


def photograph(page: Page, look: Callable[[Page], None], folder: Path, name: str) -> None:
    """Takes pictures of what `look` brings up, in both themes: `name_light.png` and `name_dark.png`."""
    backgrounds = set()
    for theme in THEMES:
        page.evaluate("theme => localStorage.setItem('dagster-theme', JSON.stringify(theme))", theme)
        look(page)
        # Bars and dialogs fade in.
        page.wait_for_timeout(1_000)
        page.screenshot(path=folder / f"{name}_{theme.lower()}.png", animations="disabled")
        backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backgrounds) == len(THEMES), f"the themes look the same: {backgrounds}"
