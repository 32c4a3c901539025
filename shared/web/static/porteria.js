// Comfort only: every page works without it.
"use strict";

// Puts in what is new; what somebody ticked there, and where the keyboard is, stays.
function replaceKeeping(part, fresh) {
  const key = (one) => [one.tagName, one.name, one.value, one.href].join(" ");
  const ticked = new Set(Array.from(part.querySelectorAll("input:checked"), key));
  const held = part.contains(document.activeElement) && key(document.activeElement);
  part.replaceChildren(...fresh.childNodes);
  for (const one of part.querySelectorAll("a, button, input")) {
    if (ticked.has(key(one))) one.checked = true;
    if (key(one) === held) one.focus({ preventScroll: true });
  }
}

// A page of something that runs renews its live parts, and loads once more when it has ended.
async function renew(failures) {
  const seconds = Number(document.body.dataset.refresh);
  if (!seconds) return;
  await new Promise((done) => setTimeout(done, 1000 * seconds * Math.min(1 + failures, 5)));
  if (document.hidden) return renew(0);
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!fresh.body.dataset.refresh) return location.reload();
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const other = fresh.getElementById(part.id);
      if (other) replaceKeeping(part, other);
    }
    return renew(0);
  } catch {
    return renew(failures + 1);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  for (const part of document.querySelectorAll("[data-needs-js]")) part.hidden = false;
  renew(0);
});

// Whoever writes for long stays signed in: a sign-in that nobody renews ends, and with it what was written.
const STAY_EVERY = 4 * 60 * 1000;
let stayed = Date.now();
document.addEventListener("input", (event) => {
  const where = document.body.dataset.stay;
  if (!where || event.target.form?.method !== "post" || Date.now() - stayed < STAY_EVERY) return;
  stayed = Date.now();
  fetch(where, { credentials: "same-origin" }).catch(() => {});
});

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.selectAll;
  if (!name) return;
  const scope = event.target.form ?? document;
  for (const box of scope.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)) {
    box.checked = event.target.checked;
  }
});

// A second click while the first is on its way must not send twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
