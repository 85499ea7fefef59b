"""The reference of the package, written from its docstrings.

``{api-modules}``  a table: module, where the book uses it, what it is for
``{api} name``     all public classes and functions of a module, in the order of its source

The docstrings are Markdown with formulas between dollars, so they are read like the pages of the book. Their
sections (Parameters, Returns, Raises) become lists, and names of ledger rows become links.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from types import ModuleType

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

import ledger
from freshness import PACKAGE

SECTION = re.compile(r"^(Parameters|Attributes|Returns|Raises)\n-+\n(.*?)(?:\n\n|\Z)", re.S | re.M)
ITEM = re.compile(r"^(\S.*?)(?: : (.*))?((?:\n[ \t]+\S.*)*)$", re.M)
CODE = re.compile(r"``([^`]+)``")


def module_names() -> list[str]:
    """The public modules of the package, by name."""
    package = importlib.import_module(PACKAGE)
    return [
        module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_")
    ]


def members(module: ModuleType) -> list[type]:
    """The public classes and functions that a module defines, in the order of its source."""
    found = [
        member for name, member in vars(module).items()
        if not name.startswith("_") and (inspect.isclass(member) or inspect.isfunction(inspect.unwrap(member)))
        and member.__module__ == module.__name__
    ]  # fmt: skip
    return sorted(found, key=lambda member: inspect.getsourcelines(member)[1])


def methods(member) -> list[tuple[str, object]]:
    """The public methods and properties of a class that have a docstring of their own."""
    if not inspect.isclass(member):
        return []
    kinds = (staticmethod, classmethod, property)
    return [
        (name, part) for name, part in vars(member).items()
        if not name.startswith("_") and (inspect.isfunction(part) or isinstance(part, kinds)) and part.__doc__
    ]  # fmt: skip


def first_line(module: ModuleType) -> tuple[str, str]:
    """What a module is for, and where: `What it does, for the section on data (2.2).` is split at the comma."""
    line = inspect.getdoc(module).split("\n\n")[0].replace("\n", " ").removesuffix(".")
    found = re.fullmatch(r"(.*?), for the ((?:sections?|chapter) .*)", line)
    return found.groups() if found else (line, "everywhere")


def signature(member) -> str:
    """The arguments with their defaults; their types are in the text."""
    try:
        given = inspect.signature(member)
    except ValueError:
        return "()"
    bare = [part.replace(annotation=inspect.Parameter.empty) for part in given.parameters.values()]
    return str(given.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def typed(text: str) -> str:
    """A type as code; a phrase stays one."""
    return f"`{text}`" if re.fullmatch(r"[\w.]+(\[.*\])?( \| [\w.]+)*", text) else text


def items(section: str, body: str) -> str:
    """The entries of a section of a docstring as a definition list; what is returned may be a sentence instead."""
    if section == "Returns" and "\n" in body and not re.search(r"^[ \t]", body, re.M):
        return f"**{section}**\n\n{body}\n\n"
    lines = []
    for name, text, rest in ITEM.findall(body):
        named = section in ("Parameters", "Attributes")
        words = inspect.cleandoc(text + rest) if named else inspect.cleandoc(rest)
        head = ", ".join(f"`{part.strip()}`" for part in name.split(",")) if named else typed(name)
        indented = words.replace("\n", "\n  ")
        lines.append(f"{head}\n: {indented}" if words else head)
    return f"**{section}**\n\n" + "\n\n".join(lines) + "\n\n"


def markdown(doc: str, rows: dict) -> str:
    """A docstring as a text of the book."""
    text = SECTION.sub(lambda found: items(found[1], found[2]), doc + "\n\n")
    return CODE.sub(lambda found: f"{{row}}`{found[1]}`" if found[1] in rows else f"`{found[1]}`", text)


def entry(module: str, member, rows: dict) -> str:
    """The reference of one class or function."""
    kind = "class" if inspect.isclass(member) else "function"
    parts = [f"`````{{py:{kind}}} {member.__name__}{signature(member)}", f":module: {module}", ""]
    parts.append(markdown(inspect.getdoc(member) or "", rows))
    for name, part in methods(member):
        function = part.__func__ if isinstance(part, staticmethod | classmethod) else part
        if isinstance(part, property):
            parts += [f"````{{py:property}} {name}"]
        else:
            parts += [
                f"````{{py:method}} {name}{signature(function).replace('(self, ', '(').replace('(self)', '()')}"
            ]
        parts += ["", markdown(inspect.getdoc(function) or "", rows), "````", ""]
    return "\n".join([*parts, "`````", ""])


class Module(SphinxDirective):
    """The reference of a module."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = f"{PACKAGE}.{self.arguments[0]}"
        module = importlib.import_module(name)
        rows = ledger.rows_of(self.env)
        _, _, rest = inspect.getdoc(module).partition("\n\n")
        what, where = first_line(module)
        used = f"Used {'' if where == 'everywhere' else 'in the '}{where}."
        text = [f"{what}. {used}", "", markdown(rest, rows), ""]
        text += [entry(name, member, rows) for member in members(module)]
        holder = nodes.container(classes=["api"])
        self.state.nested_parse(StringList("\n".join(text).splitlines(), name), self.content_offset, holder)
        return [holder]


class Modules(SphinxDirective):
    """The table of all modules."""

    def run(self) -> list[nodes.Node]:
        lines = ["| module | used in | what it is for |", "|---|---|---|"]
        for name in module_names():
            what, where = first_line(importlib.import_module(f"{PACKAGE}.{name}"))
            lines.append(f"| [{name}](api/{name}.md) | {where} | {what} |")
        holder = nodes.container(classes=["api-modules"])
        self.state.nested_parse(StringList(lines, "modules"), self.content_offset, holder)
        return [holder]


def setup(app):
    app.add_directive("api", Module)
    app.add_directive("api-modules", Modules)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
