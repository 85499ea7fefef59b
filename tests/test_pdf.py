"""The printed book: one document with links that stay in it, true page numbers, and checks that can fail."""

from __future__ import annotations

import re
import shutil
import sys

import pytest
from bs4 import BeautifulSoup

from support import FRONT_MATTER, ROOT, build_book, unavailable

sys.path.insert(0, str(ROOT / "teaching"))
import pdf

FIRST = (
    FRONT_MATTER
    + """
# First page

See [the other page](two.md), {prf:ref}`tb-one`, and <https://example.org/>.

## A part

```{code-cell} ipython3
:tags: [hide-input]
import matplotlib.pyplot as plt

from llmlimits.explore import Explorer


def draw(k):
    fig, ax = plt.subplots(figsize=(2, 2))
    ax.plot([0, k])
    return fig, f"height {k}"


Explorer(draw, [1, 2, 3], name="height", alt="A line.", start=1)
```

:::{admonition} Proof
:class: dropdown
Folded words.
:::
"""
)
SECOND = """# Second page

## Another part

```{prf:lemma} One
:label: tb-one

$a=b$.
```

Back to [the first](one.md).
"""
NAMES = ["book/index", "book/one", "book/two"]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    where = tmp_path_factory.mktemp("paper")
    built = build_book(where, {"index": "# Book\n", "one": FIRST, "two": SECOND})
    assert built.returncode == 0, built.stdout[-3000:]
    (where / "_build" / "pdf").mkdir()
    return where / "_build"


@pytest.fixture(scope="module")
def text(build):
    made = pdf.assemble(build / "html", NAMES)
    (build / "pdf" / "book.html").write_text(made, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def places(build, text):
    if not pdf.chromium():
        unavailable("no Chromium on this machine")
    return pdf.print_book(build, build / "pdf" / "book")


def test_links_lead_to_a_place_in_the_document_or_to_the_web(text):
    soup = BeautifulSoup(text, "html.parser")
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    links = [link["href"] for link in soup.find_all("a", href=True)]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {"#two", "#one", "#two--tb-one", "https://example.org/"} <= set(links)
    assert all(link.startswith(("#", "https://")) for link in links)


def test_pictures_and_styles_are_those_of_the_site(build, text):
    soup = BeautifulSoup(text, "html.parser")
    files = [tag["src"] for tag in soup.find_all(["img", "script"], src=True)]
    files += [tag["href"] for tag in soup.find_all("link", href=True)]
    assert {file.rpartition(".")[2] for file in files} == {"js", "css", "webp"}
    for file in files:
        assert file.startswith("data:") or (build / "pdf" / file).is_file(), file


def test_folds_are_open_and_an_explorer_shows_its_first_frame_and_a_link(text):
    soup = BeautifulSoup(text, "html.parser")
    assert "Folded words." in soup.get_text()
    explorer = soup.select_one(".explorer")
    assert len(explorer.find_all("img")) == 1 and "height = 2" in explorer.get_text()
    assert explorer.a["href"].endswith("/book/one.html")
    assert not soup.find_all("input") and "plt.subplots" not in soup.get_text()


def test_the_contents_give_the_pages(build, places):
    data = (build / "pdf" / "book.pdf").read_bytes()
    assert pdf.page_count(data) == 5  # cover, contents, three pages
    assert [places[name] for name in ("index", "one", "two")] == [3, 4, 5]
    assert places["two--tb-one"] == places["two--another-part"] == 5
    assert b"/Outlines" in data and b"/StructTreeRoot" in data


def test_what_a_page_loads_from_elsewhere_and_entries_that_lead_nowhere_stop_the_printing(
    build, text, places
):
    for name, change in (
        ("foreign", ("</body>", '<img src="http://127.0.0.1:9/x.png"></body>')),
        ("nowhere", ('<a class="chapter" href="#two">', '<a class="chapter" href="#three">')),
    ):
        assert change[0] in text
        (build / "pdf" / f"{name}.html").write_text(text.replace(*change), encoding="utf-8")
        with pytest.raises(RuntimeError, match="x.png" if name == "foreign" else "leads nowhere: three"):
            pdf.print_book(build, build / "pdf" / name)
        assert not (build / "pdf" / f"{name}.pdf").exists()


def test_a_page_that_was_not_built_is_refused(build):
    with pytest.raises(FileNotFoundError, match="run `make book` first"):
        pdf.assemble(build / "html", ["book/none"])


def test_a_link_without_a_place_is_refused(build, tmp_path):
    shutil.copytree(build / "html", tmp_path / "html")
    page = tmp_path / "html" / "book" / "one.html"
    text = page.read_text(encoding="utf-8")
    assert "two.html#tb-one" in text
    page.write_text(text.replace("two.html#tb-one", "two.html#tb-none"), encoding="utf-8")
    with pytest.raises(ValueError, match="lead nowhere: two--tb-none"):
        pdf.assemble(tmp_path / "html", NAMES)


def test_all_pages_of_the_book_are_printed_in_order():
    names = pdf.pages()
    toc = re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert names == [name for name in toc if not name.startswith("book/api")] and names[0] == "book/index"


def test_destinations_are_read_in_the_order_of_the_pages():
    bodies = [
        "/Type /Catalog\n/Pages 2 0 R\n/Dests 6 0 R",
        "/Type /Pages\n/Kids [3 0 R 5 0 R]",
        "/Type /Pages\n/Kids [4 0 R]",
        "/Type /Page\n",
        "/Type /Page\n",
        "/a [5 0 R /XYZ 0 1 0]\n/b#2Dc [4 0 R /XYZ 0 1 0]",
    ]
    data = "".join(f"\n{k} 0 obj\n<<{body}>>\nendobj" for k, body in enumerate(bodies, 1)).encode()
    assert pdf.destinations(data) == {"a": 2, "b-c": 1}
    assert pdf.page_count(data) == 2
