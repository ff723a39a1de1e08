"""What every page must satisfy."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Page) -> list[str]:
    """What axe finds: the rule and the places."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found["violations"]]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, wider)


def small_targets(page: Page) -> list[str]:
    """What is to be tapped and lower or narrower than 44 pixels. Links in a sentence are as tall as their line."""
    small: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("button, summary, select, a.btn, a.chip, a.stat, .nav a, input")]
            .filter((each) => each.checkVisibility() && !["hidden", "radio", "checkbox", "file"].includes(each.type))
            .map((each) => [each, each.getBoundingClientRect()])
            .filter(([each, box]) => box.width > 0 && box.bottom > 0 && (box.height < 43.5 || box.width < 43.5))
            .map(([each, box]) => `${each.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""
    )
    return small
