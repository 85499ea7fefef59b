// What a style sheet cannot do: typeset without holding up the reader, reach wide things by keyboard, name the folds,
// have an explorer's pictures at hand, and get ready for paper.

// Formulas are typeset in pieces of a few milliseconds, first those in view, then those below, then those above, so that
// a long page can be scrolled and clicked from the start. MathJax.startup.promise waits for all of them.
async function typeset() {
  const formulas = [...document.querySelectorAll(".math")];
  const first = formulas.findIndex((formula) => formula.getBoundingClientRect().bottom > 0);
  const order = [...formulas.slice(first), ...formulas.slice(0, first)];
  let size = 3;
  while (order.length) {
    const start = performance.now();
    await MathJax.typesetPromise(order.splice(0, size));
    const spent = performance.now() - start;
    size = Math.max(1, Math.min(100, Math.round((size * 10) / spent)));
    await new Promise((done) => setTimeout(done));
  }
}
if (window.MathJax) window.MathJax.startup = { pageReady: typeset };

// Everything that scrolls sideways can be reached and moved by keyboard; nothing else becomes a tab stop.
function markWide() {
  for (const formula of document.querySelectorAll("span.math mjx-container")) {
    formula.classList.remove("wide");
    const block = formula.closest("p, li, td, th, dd, figcaption, caption, h1, h2, h3") ?? formula.parentElement;
    const joined = formula.closest(".joined") ?? formula;
    formula.classList.toggle("wide", joined.offsetWidth > block.clientWidth);
  }
  const candidates = ".bd-article pre, .pst-scrollable-table-container, .bd-article mjx-container";
  for (const element of document.querySelectorAll(candidates)) {
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
      element.tabIndex = 0;
      if (element.classList.contains("pst-scrollable-table-container")) {
        element.setAttribute("role", "region");
        element.setAttribute("aria-label", element.querySelector(".caption-number")?.textContent.trim() || "Table");
      }
    } else if (element.getAttribute("tabindex") === "0") {
      element.removeAttribute("tabindex");
    }
  }
}

// A fold is called by its own title, where the theme calls every one "Toggle hidden content" or nothing at all.
function nameFolds() {
  for (const button of document.querySelectorAll("button.toggle-button")) {
    button.setAttribute("aria-label", button.parentElement.textContent.trim());
  }
  for (const summary of document.querySelectorAll(".bd-docs-nav summary")) {
    summary.setAttribute("aria-label", `Sections of ${summary.closest("li").querySelector("a").textContent.trim()}`);
  }
  // its visible text names it better
  document.querySelector(".search-button-field")?.removeAttribute("aria-label");
}

// Paper is white and cannot be clicked: print the light theme with every fold open, then put things back.
let opened = [];
let theme;
window.addEventListener("beforeprint", () => {
  theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  opened = [...document.querySelectorAll(".bd-article details:not([open])")];
  opened.forEach((fold) => (fold.open = true));
});
window.addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = theme;
  opened.forEach((fold) => (fold.open = false));
});

// The hidden pictures of an explorer are fetched when a hand comes near it.
function fetchFrames() {
  for (const explorer of document.querySelectorAll(".explorer")) {
    const fetchAll = () => explorer.querySelectorAll("img").forEach((image) => (image.loading = "eager"));
    for (const event of ["pointerenter", "focusin", "touchstart"]) {
      explorer.addEventListener(event, fetchAll, { once: true, passive: true });
    }
  }
}

// The button of the dialog that says how to cite the page.
function copyCitation() {
  const dialog = document.getElementById("citation");
  dialog?.querySelector(".copy").addEventListener("click", async (event) => {
    await navigator.clipboard.writeText(dialog.querySelector("pre").textContent);
    event.target.textContent = "Copied";
  });
}

window.addEventListener("load", () => {
  nameFolds();
  fetchFrames();
  copyCitation();
  const typesetting = window.MathJax?.startup?.promise ?? Promise.resolve();
  typesetting.then(() => document.fonts.ready).then(markWide);
  let pending;
  window.addEventListener("resize", () => { clearTimeout(pending); pending = setTimeout(markWide, 150); });
  document.addEventListener("click", () => setTimeout(markWide)); // a fold was opened
});
