"""Take a picture of one page of a running collector, signed in, as a real browser shows it.

    python deploy/screenshot.py URL USER PASSWORD OUT.png [--width N] [--height N] [--language zh-hans|en] [--dark]

Needs the development packages and Debian's chromium. The address may be any page: the sign-in leads there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Error, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)


def take(
    url: str,
    user: str,
    password: str,
    out_png: Path,
    width: int = 1440,
    height: int = 900,
    *,
    language: str = "",
    dark: bool = False,
) -> None:
    """Write a picture of a page, in pixels of ``width`` × ``height`` at double density.

    ``language`` is ``zh-hans`` or ``en``; empty for the account's own. Raises `FileNotFoundError` without a
    browser, `ValueError` where the sign-in fails, `playwright.sync_api.Error` where the page cannot be reached.
    """
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        raise FileNotFoundError("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        try:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=2,
                color_scheme="dark" if dark else "light",
            )
            if language:
                context.add_cookies([{"name": "django_language", "value": language, "url": url}])
            page = context.new_page()
            _sign_in(page, url, user, password)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=out_png)
        finally:
            browser.close()


def _sign_in(page: Page, url: str, user: str, password: str) -> None:
    """Sign in and land on the page that was asked for. Raises `ValueError` where the collector says no."""
    parts = urlsplit(url)
    wanted = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    door = f"{parts.scheme}://{parts.netloc}/sign-in/"
    page.goto(f"{door}?{urlencode({'next': wanted})}")
    page.fill("#username", user)
    page.fill("#password", password)
    page.click("form button.button--lead")
    page.wait_for_load_state("load")
    if urlsplit(page.url).path == "/sign-in/":
        raise ValueError("the sign-in failed: " + page.inner_text("[role=alert]"))


def main() -> int:
    """Read the command line and take the picture; 0 where it was taken, 1 with the reason where not."""
    parser = argparse.ArgumentParser(description="Take a picture of one page of a running collector.")
    parser.add_argument("url")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--language", choices=("zh-hans", "en"), default="")
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    try:
        take(
            options.url,
            options.user,
            options.password,
            options.out,
            options.width,
            options.height,
            language=options.language,
            dark=options.dark,
        )
    except (FileNotFoundError, ValueError, Error) as error:
        print(f"no picture was taken: {error}", file=sys.stderr)
        return 1
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
