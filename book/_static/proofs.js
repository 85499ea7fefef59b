// Shows a proof one step at a time. Without this script all steps stand below each other.

for (const [number, box] of document.querySelectorAll(".proof-steps").entries()) {
  const steps = [...box.querySelectorAll(":scope > ol > li")];
  const bar = document.createElement("div");
  const position = document.createElement("p");
  const buttons = ["Back", "Next", "All steps"].map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    bar.append(button);
    return button;
  });
  let current = 0;
  let all = false;

  function show() {
    steps.forEach((step, k) => (step.hidden = !all && k !== current));
    buttons[0].setAttribute("aria-disabled", all || current === 0);
    buttons[1].setAttribute("aria-disabled", all || current === steps.length - 1);
    buttons[2].setAttribute("aria-pressed", all);
    position.textContent = all ? `all ${steps.length} steps` : `step ${current + 1} of ${steps.length}`;
  }

  function move(by) {
    if (all) return;
    current = Math.min(Math.max(current + by, 0), steps.length - 1);
    show();
  }

  buttons[0].addEventListener("click", () => move(-1));
  buttons[1].addEventListener("click", () => move(1));
  buttons[2].addEventListener("click", () => { all = !all; show(); });
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -steps.length, End: steps.length }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(by);
  });
  bar.className = "proof-bar";
  position.setAttribute("role", "status");
  bar.append(position);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `Proof ${number + 1}, step by step`);
  box.prepend(bar);
  show();
}
