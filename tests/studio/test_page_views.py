"""Every view and dialog of the page, on desktops, tablets and phones, in light and dark: nothing that axe finds,
nothing past the window's edge, and nothing that scrolls the page away.
"""

from __future__ import annotations

import itertools

import pytest
from studio_views import prepare, views

SIZES = {"desktop": (1280, 720), "tablet": (820, 1180), "phone": (360, 740), "phone turned": (740, 360)}
LOOKS = list(itertools.product(SIZES, ("light", "dark")))
# Places that scroll sideways, though they should not, and what stands past the window's edge, unless it is in something
# that scrolls on purpose or is there for screen readers only.
WRONG = """() => {
  const isCut = (one) => {
    for (let at = one; at && at !== document.body; at = at.parentElement) {
      const { overflowX, clipPath } = getComputedStyle(at);
      if (clipPath !== 'none' || (at !== one && overflowX !== 'visible')) return true;
    }
    return false;
  };
  const wide = [...document.querySelectorAll('html, main, dialog, [popover], .corner, .history, .inspector')].filter(
    (one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth && getComputedStyle(one).overflowX !== 'hidden');
  const past = [...document.querySelectorAll('button, input, select, summary, output, p, h2')].filter((one) => {
    const { left, right, width } = one.getBoundingClientRect();
    return width && (right > innerWidth + 1 || left < -1) && !isCut(one);
  });
  const away = [document.documentElement, document.body].filter(({ scrollTop, scrollLeft }) => scrollTop || scrollLeft);
  const low = [...document.querySelectorAll(':popover-open')].filter(
    (one) => one.getBoundingClientRect().bottom > innerHeight + 1);
  const faults = [
    ['is too wide', wide], ['is below the edge', low], ['is past the edge', past], ['is scrolled away', away]];
  return faults.flatMap(
    ([what, found]) => found.map((one) => `${what}: ${one.cloneNode().outerHTML.slice(0, 150)}`));
}"""


@pytest.fixture(scope="module")
def files(served):
    prepare(served[1])


def cases():
    """Every second view, with one look after the other; all others are slow."""
    for (k, view), (j, (size, scheme)) in itertools.product(enumerate(views()), enumerate(LOOKS)):
        marks = [] if k % 2 and j == k // 2 % len(LOOKS) else [pytest.mark.slow]
        yield pytest.param(view, size, scheme, marks=marks, id=f"{view.name}-{size}-{scheme}")


@pytest.mark.parametrize(("view", "size", "scheme"), list(cases()))
def test_accessible_and_fitting(files, opened, axe, view, size, scheme):
    width, height = SIZES[size]
    page = opened(viewport={"width": width, "height": height}, color_scheme=scheme)
    if view.scene:
        page.open(view.scene)
    view.show(page)
    assert page.page.evaluate(WRONG) == []
    found = axe.run(page.page, options={"resultTypes": ["violations"]})
    assert not found.violations_count, found.generate_report()
    assert [text for text in page.troubles if not text.startswith("Failed to load resource")] == []
