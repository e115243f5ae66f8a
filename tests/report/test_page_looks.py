"""Every page that motes writes, opened out, on desktops, tablets and phones, in light and dark: nothing that axe finds,
and nothing wider than the window.
"""

from __future__ import annotations

import itertools

import pytest
import soundfile
from instrument_scenes import instrument_scene
from kind_examples import EXAMPLES, RATE, example, scene_of
from report_examples import QUICK
from studio_notes import noted_scene

from motes.report.instrument_page import write_instrument_page
from motes.report.page import write_page
from motes.report.subject import subject_of

SIZES = {"desktop": (1280, 720), "tablet": (820, 1180), "phone": (360, 740), "phone turned": (740, 360)}
LOOKS = list(itertools.product(SIZES, ("light", "dark")))
WIDE = """() => [...document.querySelectorAll('body *')].filter((one) => {
  for (let at = one.parentElement; at; at = at.parentElement)
    if (getComputedStyle(at).overflowX !== 'visible' || getComputedStyle(at).clipPath !== 'none') return false;
  return one.getBoundingClientRect().right > innerWidth + 1;
}).map((one) => one.cloneNode().outerHTML.slice(0, 150))"""


def of_scenes(folder):
    """A report of a scene of every kind with its recording, and one of notes without."""
    every = scene_of(*(example(kind, 2) for kind in EXAMPLES), n_channels=2)
    soundfile.write(folder / "original.wav", every.render().T, RATE, subtype="FLOAT")
    subjects = [
        subject_of(every, "one & all.mote", reference=folder / "original.wav"),
        subject_of(noted_scene(), "notes.mote"),
    ]
    write_page(subjects, folder / "page.html", QUICK)
    return folder / "page.html", ".timeline canvas"


def of_an_instrument(folder):
    write_instrument_page(subject_of(instrument_scene(), "bells"), folder / "page.html", command="motes report")
    return folder / "page.html", ".play-pad canvas"


@pytest.mark.parametrize("make", [of_scenes, of_an_instrument])
@pytest.mark.parametrize(
    "looks", [[LOOKS[0], LOOKS[5]], pytest.param(LOOKS, marks=pytest.mark.slow)], ids=["a phone and a desktop", "all"]
)
def test_accessible_and_fitting(tmp_path, opened, axe, make, looks):
    path, shows = make(tmp_path)
    made = opened(path, shows, bypass_csp=True)
    made.page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    made.page.locator(shows.removesuffix(" canvas")).first.focus()
    made.page.keyboard.press("ArrowRight")
    for size, scheme in looks:
        made.page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
        made.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        made.page.wait_for_timeout(100)
        assert made.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (size, scheme)
        assert made.page.evaluate(WIDE) == [], (size, scheme)
        found = axe.run(made.page, options={"resultTypes": ["violations"]})
        assert not found.violations_count, f"{size}, {scheme}: {found.generate_report()}"
    assert not made.troubles
