/* Typesets the formulas, makes each slide's text as large as fits, then starts reveal.js. */
const LARGEST = 34, SMALLEST = 20, HEIGHT = 700;

function fit(section) {
  delete section.dataset.misfit;
  const box = section.querySelector(".fit");
  for (let size = LARGEST; size >= SMALLEST; size -= 1) {
    box.style.fontSize = size + "px";
    section.dataset.size = size;
    const edge = section.getBoundingClientRect().right - 25;
    const wide = [...section.querySelectorAll("mjx-container, table, img")]
      .some((part) => part.getBoundingClientRect().right > edge)
      || [...section.querySelectorAll("pre")].some((pre) => pre.scrollWidth > pre.clientWidth + 2);
    if (section.scrollHeight <= HEIGHT && box.scrollWidth <= box.clientWidth + 1 && !wide) return;
  }
  section.dataset.misfit = "true";  // `make slides` fails if there is one
}

window.addEventListener("load", async () => {
  await document.fonts.ready;
  await MathJax.startup.promise;
  await MathJax.typesetPromise([document.querySelector(".slides")]);
  await document.fonts.ready;
  document.querySelectorAll(".slides > section").forEach(fit);
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0.02, center: false, hash: true, transition: "none",
    backgroundTransition: "none", slideNumber: "c/t", pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1,
    plugins: [RevealNotes],
  });
  window.slidesReady = true;
});
