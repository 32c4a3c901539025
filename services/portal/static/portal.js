// Comfort only: every page works without it.
"use strict";

document.addEventListener("change", (event) => {
  if (!("reveal" in (event.target.dataset ?? {}))) return;
  for (const field of event.target.form.querySelectorAll("input[autocomplete$=password]")) {
    field.type = event.target.checked ? "text" : "password";
  }
});

// Back to a password before it leaves, or the browser would offer it as an ordinary text later.
document.addEventListener("submit", (event) => {
  for (const field of event.target.querySelectorAll("input[autocomplete$=password]")) field.type = "password";
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
