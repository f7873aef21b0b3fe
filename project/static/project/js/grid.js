/* Who does what: which boxes differ from what is stored; only those are sent, each with what was seen of it. */
(() => {
  "use strict";

  const table = document.querySelector("[data-grid]");
  const form = document.querySelector("[data-grid-form]");
  if (!table || !form) {
    return;
  }
  const people = Array.from(table.querySelectorAll("[data-staff]"), (head) => Number(head.dataset.staff));
  const rows = Array.from(table.querySelectorAll("[data-service]"));
  const boxesOf = (row) => Array.from(row.cells).slice(1).map((cell) => cell.querySelector("input"));
  const cells = rows.flatMap((row) =>
    boxesOf(row).map((box, column) => ({ box, staff: people[column], service: Number(row.dataset.service) })),
  );
  const changed = () => cells.filter(({ box }) => box.checked !== box.defaultChecked);
  let isSending = false;

  function showGroup(group) {
    const columns = Array.from(group.querySelectorAll("[data-service]"), boxesOf);
    group.querySelectorAll("[data-all]").forEach((all, column) => {
      const checked = columns.filter((boxes) => boxes[column].checked).length;
      all.checked = checked === columns.length;
      all.indeterminate = checked > 0 && checked < columns.length;
    });
  }

  function show() {
    Array.from(table.tBodies).forEach(showGroup);
    for (const { box } of cells) {
      box.parentElement.classList.toggle("salon-grid-changed", box.checked !== box.defaultChecked);
    }
    const count = changed().length;
    form.classList.toggle("salon-price-bar-busy", count > 0);
    for (const part of form.querySelectorAll("[data-unsaved]")) {
      part.hidden = count === 0;
    }
    form.querySelector("[data-unsaved-count]").textContent = count;
  }

  table.addEventListener("change", ({ target }) => {
    if (target.matches("[data-all]")) {
      const column = target.parentElement.cellIndex - 1;
      for (const row of target.closest("tbody").querySelectorAll("[data-service]")) {
        boxesOf(row)[column].checked = target.checked;
      }
    }
    show();
  });
  form.querySelector("[data-undo-all]").addEventListener("click", () => {
    for (const { box } of cells) {
      box.checked = box.defaultChecked;
    }
    show();
  });
  form.addEventListener("submit", () => {
    isSending = true;
    const said = changed().map(({ box, staff, service }) => [staff, service, box.dataset.seen || "", box.checked]);
    form.querySelector("[data-changes]").value = JSON.stringify(said);
  });
  window.addEventListener("pageshow", () => {
    isSending = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isSending && changed().length > 0) {
      event.preventDefault();
    }
  });

  // What was refused because somebody else was faster waits in the boxes for a second look.
  const pending = JSON.parse(form.querySelector("[data-changes]").dataset.pending || "[]");
  const wanted = new Map(pending.map(([staff, service, , isWanted]) => [`${staff}-${service}`, isWanted]));
  for (const { box, staff, service } of cells) {
    box.checked = wanted.get(`${staff}-${service}`) ?? box.checked;
  }
  show();
})();
