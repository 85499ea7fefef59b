"""Measures the named probes (default: all) on the real weights and writes their records: ``make probes``."""

from __future__ import annotations

import argparse

from . import load, measure, probes, write


def main(arguments: list[str] | None = None) -> None:
    """Measure at full size, model by model, and print seconds and memory."""
    found = probes()
    parser = argparse.ArgumentParser(prog="python -m llmlimits.probes", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(found)}")
    names = parser.parse_args(arguments).name or list(found)
    for model in dict.fromkeys(found[name].model for name in names):
        subject = load(model, device="cpu")
        for name in names:
            if found[name].model == model:
                measured = measure(name, subject)
                about = measured["provenance"]
                print(
                    f"{write(name, measured).name}: {about['cpu_seconds']} s of CPU, {about['megabytes']} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
