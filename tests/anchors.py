"""Adds the places that the built site has and tests/anchors.txt lacks to that list (`make notebooks`)."""

from pathlib import Path

import site_checks

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tests" / "anchors.txt"


def main() -> None:
    published = set(LIST.read_text(encoding="utf-8").split()) if LIST.exists() else set()
    places = sorted(published | set(site_checks.anchors(ROOT / "_build" / "html")))
    LIST.write_text("\n".join(places) + "\n", encoding="utf-8")
    print(f"{len(places) - len(published)} new places")


if __name__ == "__main__":
    main()
