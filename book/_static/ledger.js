// Filters of the claim ledger. Without this script the form stays hidden and every claim is shown.

const form = document.getElementById("ledger-filter");
const fields = ["verdict", "chapter", "status"].map((name) => document.getElementById(`ledger-${name}`));
const search = document.getElementById("ledger-text");
const count = document.getElementById("ledger-count");
const rows = [...document.querySelectorAll(".ledger-rows tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase()); // before formulas are typeset

function filter() {
  const classes = fields.map((field) => field.value).filter(Boolean);
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, i) => {
    row.hidden = !(classes.every((name) => row.classList.contains(name)) && words.every((word) => texts[i].includes(word)));
    shown += !row.hidden;
  });
  for (const section of document.querySelectorAll(".ledger-section")) {
    section.hidden = !section.querySelector("tbody tr:not([hidden])");
  }
  count.textContent = `${shown} of ${rows.length} claims`;
}

// A link to a claim shows it, whatever the filters say.
function arrive() {
  if (rows.some((row) => row.hidden && row.id === location.hash.slice(1))) {
    form.reset();
    filter();
    document.getElementById(location.hash.slice(1)).scrollIntoView();
  }
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter)); // the fields are empty only after this event
window.addEventListener("hashchange", arrive);
form.hidden = false;
filter();
arrive();
