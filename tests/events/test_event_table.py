"""What all tables of events can do, whatever their kind."""

from motes.events.event_table import none_of
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def test_a_table_without_events_is_made_once_for_each_number_of_channels():
    assert none_of(Gabor.empty, 2) is none_of(Gabor.empty, 2)
    assert [none_of(Gabor.empty, n).n_channels for n in (1, 2)] == [1, 2]
    assert Scene(8000, 10, 2).gabor is Scene(44100, 20, 2).gabor
