"""How the book shows proofs that Coq has checked: badges, folds, the page, the stepper; each fault is a warning."""

from __future__ import annotations

import json
import re

import pytest

import site_checks as checks
from support import FRONT_MATTER, build_book, rebuild

SCRIPT = """Definition twice (n : nat) : nat := n + n.

Section S.
  Variable limit : nat.
  (** Each number [n] is itself.
      (Book: thm-a) *)
  Theorem same : forall n : nat, n = n.
  Proof.
    (* Take any n. *)
    intro n.
    (* Both sides are equal. *)
    reflexivity.
  Qed.
End S.

(** Zero is zero.
    (Book: part of lem-b) *)
Theorem zero : 0 = 0.
Proof. reflexivity. Qed.
"""
STEPS = [
    {
        "comment": "Take any n.",
        "code": "intro n.",
        "known": ["n : nat"],
        "goal": "n = n",
        "waiting": ["1 = 1"],
    },
    {"comment": "Both sides are equal.", "code": "reflexivity.", "known": [], "goal": None, "waiting": []},
]
RECORDED = {
    "axioms": {"A.same": [], "A.zero": ["Classical_Prop.classic"]},
    "goals": {"A.same": {"given": ["limit : nat"], "goal": "forall n : nat, n = n", "steps": STEPS}},
}
FILES = {"proofs/A.v": SCRIPT, "proofs/recorded.json": json.dumps(RECORDED)}
PAGE = """# Checked

```{coq} A.twice, A.zero
```

```{proof-steps} A.same
```

```{checked} A
```

```{checked-list}
```
"""
FIRST = """# First

```{claim} thm-1
```

```{prf:theorem}
:label: thm-a
It holds.
```

```{prf:proof}
Clear.
```

```{prf:lemma}
:label: lem-b
So does this.
```

After it.
"""
CLAIMS = """- id: thm-1
  section: "2.1"
  where: Theorem 1
  claim: It holds.
  verdict: holds
  why: See there.
  page: book/first
  labels: [thm-a, lem-b]
  witness: [llmlimits.diagonal.diagonal_truth]
  tests: ["tests/test_diagonal.py::test_a"]
  proof: [A.same, A.zero]
"""
LEDGER = "# Ledger\n\n```{ledger}\n```\n"
BOOK = {
    "index": "# A book\n\nNothing.\n",
    "first": FRONT_MATTER + FIRST,
    "machine-checked": FRONT_MATTER + PAGE,
    "ledger": LEDGER,
}


def article(where, name: str) -> str:
    source = (where / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.search(r"<article.*?</article>", source, re.S)[0])


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


def warnings(stdout: str) -> list[str]:
    return re.findall(r"WARNING: (.*?)(?:\x1b\[39;49;00m)?$", stdout, re.M)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    where = tmp_path_factory.mktemp("checked")
    built = build_book(where, BOOK, CLAIMS, files=FILES)
    assert built.returncode == 0, built.stdout[-3000:]
    return where


def test_badge_of_a_claim_leads_to_the_proof(book):
    badge = (
        '<a class="reference internal" href="machine-checked.html#checked-a-same" title="Checked by Coq: A.same">'
        '<span class="verdict verdict-checked">machine-checked</span></a>'
    )
    assert article(book, "first").count(badge) == 1
    ledger = article(book, "ledger")
    assert "is-machine-checked" in ledger and 'href="machine-checked.html#checked-a-zero"' in ledger


def test_theorems_get_a_fold_below_their_proof(book):
    text = words(article(book, "first"))
    assert re.search(
        r"Proof\. Clear\. Machine-checked: A\.same Each number n is itself\. Variable limit : nat\. Theorem",
        text,
    )
    assert re.search(r"So does this\. Machine-checked in part: A\.zero Zero is zero\.", text)


def test_page_shows_words_statement_proof_and_axioms(book):
    text = words(article(book, "machine-checked"))
    assert "Definition twice (n : nat) : nat := n + n. Theorem zero : 0 = 0. Proof." in text
    assert "Given for what follows: Variable limit : nat. A.same for" in text
    assert "For what follows nothing is given. A.zero for a part of Lemma 2 Zero is zero." in text
    assert "A.same for Theorem 1 Each number n is itself. Theorem same : forall n : nat, n = n." in text
    assert "Proof (6 lines, no axioms)" in text and "Proof (1 line, axioms of the real numbers)" in text
    assert "A.zero part of Lemma 2 1 classic" in text and "A.same Theorem 1 6 none" in text


def test_edition_has_the_steps_and_the_folds(book):
    built = rebuild(book, "nbedition")
    assert built.returncode == 0, built.stdout[-3000:]
    cells = json.loads((book / "_build" / "nbedition" / "machine-checked.ipynb").read_text())["cells"]
    text = "".join("".join(cell["source"]) for cell in cells)
    assert "2. Take any n.\n\n   ```coq\n   intro n.\n   ```" in text
    assert "(1 further part to show after this)" in text and "<details>" in text
    cells = json.loads((book / "_build" / "nbedition" / "first.ipynb").read_text())["cells"]
    text = "".join("".join(cell["source"]) for cell in cells)
    assert "[machine-checked](" in text and "Machine-checked: <code>A.same</code>" in text


def test_stepper_by_keyboard(book, browser):
    with (
        checks.serve(book / "_build" / "html") as root,
        checks.visit(browser, root + "book/machine-checked.html") as (view, problems),
    ):
        box = view.get_by_role("group", name="Proof 1, step by step")
        shown = box.locator("ol > li:visible")
        assert shown.count() == 1 and "The claim." in shown.text_content()
        box.get_by_role("button", name="Next").focus()
        view.keyboard.press("Enter")
        assert "Take any n." in shown.text_content()
        assert box.get_by_role("status").text_content() == "step 2 of 3"
        view.keyboard.press("End")
        assert "done" in shown.text_content()
        view.keyboard.press("ArrowRight")  # stays
        view.keyboard.press("ArrowLeft")
        assert "Take any n." in shown.text_content()
        box.get_by_role("button", name="All steps").press("Enter")
        assert shown.count() == 3
        assert problems == []


def test_without_script_all_steps_are_shown(book, browser):
    with checks.serve(book / "_build" / "html") as root:
        context = browser.new_context(java_script_enabled=False)
        view = context.new_page()
        view.goto(root + "book/machine-checked.html")
        assert view.locator(".proof-steps ol > li:visible").count() == 3
        context.close()


def test_only_pages_with_steps_load_the_script(book):
    for name in BOOK:
        source = (book / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")
        assert ("proofs.js" in source) == (name == "machine-checked")


def test_a_renamed_theorem_and_other_faults(book):
    """Of the scripts, of the ledger and of the page. (The last test of this book.)"""
    script = SCRIPT.replace("Theorem same", "Theorem equal").replace("thm-a", "thm-z")
    (book / "proofs" / "A.v").write_text(script, encoding="utf-8")
    page = FRONT_MATTER + PAGE.replace("{checked} A\n", "{checked} B\n")
    (book / "book" / "machine-checked.md").write_text(page.replace("A.twice", "A.thrice"), encoding="utf-8")
    built = rebuild(book)
    assert built.returncode != 0
    found = sorted(message.partition(" in 1,")[0] for message in warnings(built.stdout))
    assert found == sorted([
        "label 'thm-z' not found.",  # in the list
        "prf:ref reference target not found: thm-z",
        "no checked theorem 'A.same' in proofs/",
        "no checked theorems in 'B'",
        "no 'thrice' in proofs/A.v",
        "ledger: row 'thm-1': proofs/ has no theorem 'A.same'",
        "proofs: A.equal: the book has no theorem 'thm-z'",
        "proofs: A.equal is not shown on book/machine-checked",
        "proofs: A.equal is not in the record: run `make record`",
        "proofs: A.zero is not shown on book/machine-checked",
    ])  # fmt: skip
    assert "Machine-checked: " not in words(article(book, "first"))  # the fold has gone with the name
