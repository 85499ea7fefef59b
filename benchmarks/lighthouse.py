"""Lighthouse on the three heaviest pages of the built site: `make lighthouse`. Needs Node, npm and Chromium.

The site is served as a host would do it, with compressed files. At least 95 of 100 are asked for performance on a
desktop and for accessibility; the score of a slow phone (a processor four times slower, 1.6 Mbit/s) is shown beside.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import site_checks  # noqa: E402

LIGHTHOUSE = "lighthouse@13.5.0"
LEAST = 95
METRICS = {
    "first-contentful-paint": "first text", "largest-contentful-paint": "largest text",
    "total-blocking-time": "blocked", "cumulative-layout-shift": "shift",
}  # fmt: skip


class Compressed(http.server.SimpleHTTPRequestHandler):
    """Serves text compressed, over connections that stay open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in (".html", ".css", ".js", ".svg", ".json"):
            data = gzip.compress(data, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


def measure(address: str, device: str, browser: str) -> tuple[dict[str, int], str]:
    """The scores of a page, out of 100, and its times in words."""
    command = [
        "npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", "--output-path=stdout",
        "--only-categories=performance,accessibility", "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]  # fmt: skip
    if device == "desktop":
        command.append("--preset=desktop")
    environment = {**os.environ, "CHROME_PATH": browser}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
    report = json.loads(done.stdout)
    scores = {name: round(100 * category["score"]) for name, category in report["categories"].items()}
    times = ", ".join(
        f"{name} {report['audits'][key]['displayValue']}".replace("\xa0", " ")
        for key, name in METRICS.items()
    )
    return scores, times


def main() -> None:
    html = ROOT / "_build" / "html"
    browser = site_checks.chromium()
    if not (browser and shutil.which("npx") and html.is_dir()):
        sys.exit("make lighthouse needs Node with npm, Chromium, and the built site")
    pages = sorted(site_checks.pages(html), key=lambda page: site_checks.kilobytes(html, page), reverse=True)[
        :3
    ]
    low = []
    handler = functools.partial(Compressed, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for page in pages:
            print(f"{page}, {site_checks.kilobytes(html, page):.0f} KB")
            for device in ("desktop", "phone"):
                scores, times = measure(f"http://127.0.0.1:{server.server_port}/{page}", device, browser)
                written = ", ".join(f"{name} {score}" for name, score in scores.items())
                print(f"  {device}: {written}; {times}")
                asked = scores if device == "desktop" else {"accessibility": scores["accessibility"]}
                low += [f"{page}: {name} {score}" for name, score in asked.items() if score < LEAST]
        server.shutdown()
    if low:
        sys.exit(f"below {LEAST}: " + "; ".join(low))


if __name__ == "__main__":
    main()
