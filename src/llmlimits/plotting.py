"""The book's one figure style, and direct labels on curves.

Chapters call `use_style` once; everything else is plain Matplotlib.
"""

from __future__ import annotations

from importlib.resources import as_file, files

import matplotlib.pyplot as plt

BLUE, VERMILION, GREEN, PINK, OCHRE, SKY, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7A5C00", "#56B4E9", "#000000",
)  # fmt: skip


def use_style() -> None:
    """Switch Matplotlib to the book's style (colour-blind-safe cycle, quiet axes)."""
    with as_file(files("llmlimits") / "book.mplstyle") as path:
        plt.style.use(path)


def label_line(line, text: str, where: float = 1.0, dx: float = 4, dy: float = 0, **style):
    """Write `text` in the curve's colour next to it, at the fraction `where` of its points.

    Parameters
    ----------
    line : a Matplotlib ``Line2D``.
    text : the label.
    where : position along the data points, 0 for the first, 1 for the last.
    dx, dy : offset in points.

    Returns
    -------
    The Matplotlib annotation.

    Raises
    ------
    ValueError
        If an argument is of another kind, or `where` is outside [0, 1].
    """
    from matplotlib.lines import Line2D

    from ._checks import fail, real

    if not isinstance(line, Line2D):
        fail("line", line, "a Matplotlib Line2D")
    if not isinstance(text, str):
        fail("text", text, "a string")
    where = real("where", where, 0, 1)
    dx, dy = float(real("dx", dx, -1000, 1000)), float(real("dy", dy, -1000, 1000))
    x, y = line.get_data()
    k = round(where * (len(x) - 1))
    style = {"color": line.get_color(), "va": "center", "fontsize": 9.5} | style
    return line.axes.annotate(text, (x[k], y[k]), xytext=(dx, dy), textcoords="offset points", **style)
