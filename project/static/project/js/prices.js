/* The price list: which rows differ from what is stored, and saving or forgetting them together. */
(() => {
  "use strict";

  const bar = document.querySelector("[data-price-bar]");
  if (!bar) {
    return;
  }
  const boxes = (row) => Array.from(row.querySelectorAll("[data-current]"));
  const isChanged = (row) => boxes(row).some((box) => box.value.trim() !== box.dataset.current);
  const changedRows = () => Array.from(document.querySelectorAll("[data-price-row]")).filter(isChanged);

  function show() {
    for (const row of document.querySelectorAll("[data-price-row]")) {
      row.classList.toggle("salon-price-changed", isChanged(row));
    }
    const count = changedRows().length;
    bar.classList.toggle("salon-price-bar-busy", count > 0);
    for (const part of bar.querySelectorAll("[data-unsaved]")) {
      part.hidden = count === 0;
    }
    bar.querySelector("[data-unsaved-count]").textContent = count;
  }

  document.addEventListener("input", show);
  document.addEventListener("htmx:afterSettle", show);
  // The row that was saved is a new one: whoever goes on by keyboard stays where they were.
  document.addEventListener("htmx:afterSwap", (event) => {
    const box = event.target.querySelector?.(".salon-price-wrong [data-current]");
    box?.focus();
  });
  bar.querySelector("[data-save-all]").addEventListener("click", () => {
    changedRows().forEach((row) => row.requestSubmit());
  });
  bar.querySelector("[data-undo-all]").addEventListener("click", () => {
    for (const box of changedRows().flatMap(boxes)) {
      box.value = box.dataset.current;
    }
    show();
  });
  window.addEventListener("beforeunload", (event) => {
    if (changedRows().length > 0) {
      event.preventDefault();
    }
  });
  show();
})();
