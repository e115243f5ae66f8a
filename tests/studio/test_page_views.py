"""Every view and dialog of the page, on desktops, tablets and phones, in light and dark: nothing that axe finds, and
nothing wider than the window.
"""

from __future__ import annotations

import os
import time

import pytest
from studio_page import Page
from studio_views import prepare, views

SIZES = {"desktop": (1280, 720), "tablet": (820, 1180), "phone": (360, 740)}
SCHEMES = ("light", "dark")
# What is wider than the window though the window does not scroll: what stands past its edge, unless it is in something
# that scrolls sideways on purpose or is there for screen readers only.
PAST = """() => {
  const out = [];
  const isCut = (one) => {
    for (let at = one; at && at !== document.body; at = at.parentElement) {
      const { overflowX, clipPath } = getComputedStyle(at);
      if (clipPath !== 'none' || (at !== one && overflowX !== 'visible')) return true;
    }
    return false;
  };
  for (const place of [document.documentElement, ...document.querySelectorAll('main, dialog, [popover], .corner, .history')])
    if (place.scrollWidth > place.clientWidth + 1 && getComputedStyle(place).overflowX !== 'hidden')
      out.push(`${place.tagName}.${place.className} scrolls sideways`);
  for (const one of document.querySelectorAll('button, input, select, summary, output, p, h2')) {
    const { left, right, width } = one.getBoundingClientRect();
    if (width && (right > innerWidth + 1 || left < -1) && !isCut(one)) out.push(`${one.outerHTML.slice(0, 90)} ${left} ${right}`);
  }
  return out;
}"""


@pytest.fixture
def shown(served, opened):
    prepare(served[1])
    return opened


def look(page: Page, axe, view, size, scheme) -> list[str]:
    found = axe.run(page.page, options={"resultTypes": ["violations"]})
    wrong = [f"{view.name}, {size}, {scheme}: {line}" for line in page.page.evaluate(PAST)]
    if found.violations_count:
        wrong.append(f"{view.name}, {size}, {scheme}: {found.generate_report()}")
    return wrong
