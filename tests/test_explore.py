"""An explorer says the same drawn in advance and live, for the same function of a value."""

from __future__ import annotations

import base64
import html
import io
import json
import re

import matplotlib
import pytest
from PIL import Image

from llmlimits.explore import Explorer

matplotlib.use("agg")
VALUES = [1, 1000, 4]


@pytest.fixture
def drawn() -> list:
    return []


@pytest.fixture
def explorer(drawn) -> Explorer:
    import matplotlib.pyplot as plt

    def render(value):
        drawn.append(value)
        fig, ax = plt.subplots(figsize=(2, 1))
        ax.plot([0, value])
        return fig, f"twice is {2 * value:,}"

    return Explorer(render, VALUES, name="k", alt="A rising line.", start=2)


def test_every_value_is_drawn_once_and_shown_with_its_reading(explorer, drawn):
    assert drawn == VALUES
    text = explorer._repr_html_()
    frames = json.loads(html.unescape(re.search(r'data-frames="([^"]*)"', text)[1]))
    assert frames == [["1", "twice is 2"], ["1,000", "twice is 2,000"], ["4", "twice is 8"]]
    images = re.findall(r'<img src="data:image/webp;base64,([^"]+)" alt="([^"]*)"([^>]*)>', text)
    assert [alt for _, alt, _ in images] == [
        f"A rising line. At k = {value}: {reading}" for value, reading in frames
    ]
    assert [bool(hidden) for _, _, hidden in images] == [True, True, False]  # the third is shown first
    sizes = {Image.open(io.BytesIO(base64.b64decode(data))).size for data, _, _ in images}
    assert len(sizes) == 1 and len({data for data, _, _ in images}) == 3
    assert 'value="2"' in text and 'aria-valuetext="4"' in text and ">twice is 8</p>" in text
    assert repr(explorer).splitlines() == [f"k = {value}: {reading}" for value, reading in frames]


def test_the_live_twin_draws_with_the_same_function(explorer, drawn, capsys):
    slider = explorer.live().children[0]
    assert [label for label, _ in slider.options] == ["1", "1,000", "4"]
    drawn.clear()
    capsys.readouterr()
    for position, value in ((1, 1000), (2, 4)):
        slider.index = position
        assert drawn[-1] == slider.value == value
        assert explorer.frames[position][1] in capsys.readouterr().out


def test_the_live_twin_goes_beyond_the_values_drawn_in_advance(explorer, drawn, capsys):
    slider = explorer.live(range(10, 30, 10)).children[0]
    assert drawn[-1] == 10
    slider.value = 20
    assert drawn[-1] == 20 and "twice is 40" in capsys.readouterr().out


def test_no_figure_stays_open(explorer):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    explorer.live().children[0].index = 1
    assert plt.get_fignums() == before == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"values": [1]}, "values"), ({"values": 3}, "values"), ({"name": " "}, "name"), ({"alt": ""}, "alt"),
        ({"start": 3}, "start"), ({"start": -1}, "start"), ({"render": 1}, "render"),
    ],
)  # fmt: skip
def test_arguments_are_checked(change, says):
    arguments = {"render": lambda value: None, "values": [1, 2], "name": "k", "alt": "A line.", **change}
    with pytest.raises(ValueError, match=says):
        Explorer(**arguments)
