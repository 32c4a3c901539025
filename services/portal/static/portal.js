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

// One tick stands for two rights: it follows them, and they follow it.
document.addEventListener("change", (event) => {
  const step = event.target.dataset?.inStep;
  if (!step) return;
  const both = event.target.form.querySelector("[data-in-step=both]");
  const each = [...event.target.form.querySelectorAll("[data-in-step=each]")];
  if (step === "both") for (const one of each) if (!one.disabled) one.checked = both.checked;
  both.checked = each.every((one) => one.checked);
});

// Who gets a letter instead of the client gets it.
document.addEventListener("change", (event) => {
  const { name, value, checked, form } = event.target;
  const other = (of) => form.querySelector(`input[name=${of}][value="${value}"]:not(:disabled)`);
  if (name === "instead" && checked && other("notices")) other("notices").checked = true;
  if (name === "notices" && !checked && other("instead")) other("instead").checked = false;
});
