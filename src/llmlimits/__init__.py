"""llmlimits: the helper package of the runnable textbook on the limits of large language models.

One module per subject; import the module you need, as in ``from llmlimits import diagonal``.
Importing the package itself imports neither torch nor matplotlib.
"""

__version__ = "0.1.0"
