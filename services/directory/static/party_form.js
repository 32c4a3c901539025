// Comfort only: tells while somebody types that a party may be there already. Without it the same is asked on saving.
"use strict";

(() => {
  const form = document.querySelector("form[data-similar-url]");
  if (!form) return;
  const WAIT = 500; // milliseconds after the last key
  const field = (name) => form.elements.namedItem(name);
  const texts = (found) => found.map((one) => one.value.trim()).filter(Boolean);
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  const changed = (one) => one && one.value.trim() !== one.defaultValue.trim();
  const QUERIED = { document_number: "document_number", name: "name", emails: "email", phones: "phone" };
  let timer = 0;
  let latest = 0;

  // Only what was changed is asked about: what a party has had before was looked at then.
  function question() {
    const query = new URLSearchParams({ document_type: field("document_type").value, country: field("country").value });
    if (form.dataset.party) query.set("party_id", form.dataset.party);
    for (const name of ["document_number", "name"]) {
      const value = field(name).value.trim();
      if (value.length > 2 && changed(field(name))) query.set(name, value);
    }
    const addresses = Array.from(form.querySelectorAll("input[type=email]")).filter(changed);
    for (const address of texts(addresses)) query.append("email", address);
    const before = new Set(lines(field("phones").defaultValue));
    for (const phone of lines(field("phones").value)) if (!before.has(phone)) query.append("phone", phone);
    return query;
  }

  function line(one) {
    const paragraph = document.createElement("p");
    paragraph.className = "similar-line";
    paragraph.dataset.typed = "yes";
    const link = document.createElement("a");
    link.href = one.href;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = form.dataset.similarLink;
    const seen = document.createElement("input");
    seen.type = "hidden";
    seen.name = "seen";
    seen.value = one.mark;
    paragraph.append(one.text, " ", link, seen);
    return paragraph;
  }

  async function ask() {
    const number = ++latest;
    let items;
    const asked = question();
    try {
      const answer = await fetch(`${form.dataset.similarUrl}?${asked}`, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      items = (await answer.json()).items;
    } catch {
      return; // saving asks again
    }
    if (number !== latest) return; // somebody went on typing
    for (const place of form.querySelectorAll("[data-similar]")) {
      const name = place.dataset.similar;
      // What the page itself warned of stays while its field is as it was.
      const kept = asked.has(QUERIED[name]) ? [] : Array.from(place.children).filter((node) => !node.dataset.typed);
      const fresh = kept.concat(items.filter((one) => one.field === name).map(line));
      const key = (nodes) => Array.from(nodes, (node) => node.textContent).join("\n");
      if (key(place.children) !== key(fresh)) place.replaceChildren(...fresh); // read aloud only what is new
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
})();
