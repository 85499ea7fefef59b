"""Explorers: figures with one slider that work with and without a running kernel.

An explorer is made from one function ``render(value) -> (figure, reading)``. On a page it shows pictures drawn
in advance (plain HTML, no library); in a notebook with a kernel, `Explorer.live` redraws for any value.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
from collections.abc import Callable, Sequence

import numpy as np

from ._checks import fail, integer

# Shows frame k, its reading, and tells assistive technology the value. Kept inline so that it also runs in Colab,
# where every output lives in a frame of its own.
_SCRIPT = (
    "const e=this.closest('.explorer'),k=+this.value,d=JSON.parse(e.dataset.frames);"
    "e.querySelectorAll('img').forEach((m,i)=>{m.hidden=i!==k});"
    "e.querySelector('output').textContent=d[k][0];"
    "e.querySelector('.explorer-reading').textContent=d[k][1];"
    "this.setAttribute('aria-valuetext',d[k][0])"
)
_HIDDEN = ' hidden="hidden"'  # without a value JupyterLab drops it, and shows all pictures of a notebook not yet run


class Explorer:
    """A slider over the pictures that `render` draws for each of `values`.

    Parameters
    ----------
    render : function of one value that returns a Matplotlib figure and a one-line reading of its numbers.
    values : the values drawn in advance, at least two.
    name : what the slider changes, in words.
    alt : what is seen in the picture, whatever the value; the value and its reading are added to it.
    start : index of the frame shown first (and in print).

    Raises
    ------
    ValueError
        If there are fewer than two values, `name` or `alt` is empty, or `start` is no index of `values`.
    """

    def __init__(self, render: Callable, values: Sequence, *, name: str, alt: str, start: int = 0):
        if not callable(render):
            fail("render", render, "a function of a value")
        if not isinstance(values, Sequence) or len(values) < 2:
            fail("values", values, "a sequence of at least two values")
        for argument, text in (("name", name), ("alt", alt)):
            if not isinstance(text, str) or not text.strip():
                fail(argument, text, "a non-empty string")
        self.render, self.values, self.name, self.alt = render, list(values), name, alt
        self.start = integer("start", start, 0, len(self.values) - 1)
        self.frames = [self._draw(value) for value in self.values]

    def _draw(self, value) -> tuple[str, str, str]:
        """One frame: the value as text, the reading, and the picture as base64 WebP."""
        import matplotlib.pyplot as plt
        from PIL import Image

        figure, reading = self.render(value)
        raw = io.BytesIO()
        figure.savefig(raw, format="png")
        plt.close(figure)
        # 64 colours are enough for line art and make a page with several explorers three times lighter; WebP
        # without losses takes off another fifth
        small = io.BytesIO()
        few = Image.open(raw).convert("RGB").quantize(64).convert("RGB")
        few.save(small, format="webp", lossless=True, quality=50, method=4)
        return _text(value), reading, base64.b64encode(small.getvalue()).decode()

    def _repr_html_(self) -> str:
        shown, reading, _ = self.frames[self.start]
        uid = "x" + hashlib.sha256((self.name + self.alt + repr(self.values)).encode()).hexdigest()[:10]
        data = json.dumps([[value, text] for value, text, _ in self.frames], ensure_ascii=False)
        images = "".join(
            f'<img src="data:image/webp;base64,{picture}" '
            f'alt="{html.escape(f"{self.alt} At {self.name} = {value}: {text}")}"'
            f"{'' if k == self.start else _HIDDEN}>"
            for k, (value, text, picture) in enumerate(self.frames)
        )
        return (
            f'<div class="explorer" role="group" aria-label="Explorer: {html.escape(self.name)}" '
            f'data-frames="{html.escape(data)}">'
            f'<div class="explorer-controls"><label for="{uid}">{html.escape(self.name)}</label> '
            f'<input type="range" id="{uid}" min="0" max="{len(self.frames) - 1}" value="{self.start}" step="1" '
            f'aria-valuetext="{html.escape(shown)}" oninput="{html.escape(_SCRIPT)}"> '
            f'<output for="{uid}">{html.escape(shown)}</output></div>'
            f'<div class="explorer-frames">{images}</div>'
            f'<p class="explorer-reading" aria-live="polite">{html.escape(reading)}</p></div>'
        )

    def __repr__(self) -> str:
        lines = [f"{self.name} = {value}: {reading}" for value, reading, _ in self.frames]
        return "\n".join(lines)

    def live(self, values: Sequence | None = None):
        """The same picture as an ipywidgets slider that redraws with the kernel, over `values` of your choice."""
        import ipywidgets
        import matplotlib.pyplot as plt
        from IPython.display import display
        from traitlets import TraitError

        def show(value):
            figure, reading = self.render(value)
            display(figure)
            print(reading)
            plt.close(figure)

        values = self.values if values is None else values
        if not isinstance(values, Sequence | np.ndarray) or len(values) < 2:
            fail("values", values, "a sequence of at least two values")
        choices = [(_text(value), value) for value in values]
        try:
            slider = ipywidgets.SelectionSlider(
                options=choices, description=self.name, continuous_update=False
            )
        except (TraitError, ValueError):
            fail("values", values, "values that can be compared")
        return ipywidgets.VBox([slider, ipywidgets.interactive_output(show, {"value": slider})])


def _text(value) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
