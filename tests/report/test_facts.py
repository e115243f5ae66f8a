"""What a page says of its scene and of itself."""

from __future__ import annotations

import re
from pathlib import Path

from report_examples import chimes

from motes.report.facts import citation, how_made
from motes.report.subject import subject_of
from motes.scene.metadata import Metadata


def test_how_it_was_made_is_said():
    """Options that were chosen by name, and that there were none."""
    plain = chimes(3).replace(metadata=Metadata(encoder="pursuit", version="0.1", stop_reason="snr_reached"))
    chosen = plain.replace(
        metadata=Metadata(
            encoder="pursuit", stop_reason="snr_reached", options={"snr_db": 20.0, "windows": [512, 2048]}
        )
    )
    assert "all by default" in how_made(subject_of(plain, "x"), "FLAC")
    text = how_made(subject_of(chosen, "x"), "FLAC")
    assert "snr_db 20.0, windows 512 2048" in text
    assert "snr reached" in text
    assert "all by default" not in text


def test_citation_says_what_the_citation_file_says():
    text = (Path(__file__).parents[2] / "CITATION.cff").read_text()
    assert re.search(r"^title: (.+)$", text, re.M)[1] in citation()
    assert re.search(r"- name: (.+)$", text, re.M)[1] in citation()
