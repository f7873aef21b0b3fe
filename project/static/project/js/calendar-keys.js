/* The calendar by keyboard: from card to card, into the panel, through the days. */
window.calendarKeys = (page, panel, quick, days) => {
  "use strict";

  const { root, grid } = page;
  const { step, show } = days;
  const rightToLeft = document.documentElement.dir === "rtl";
  const columnOf = (el) => el.getBoundingClientRect();

  function walk(from, key) {
    const at = columnOf(from);
    const others = [...grid.querySelectorAll("[data-visit]")].filter((el) => el !== from);
    const vertical = key === "ArrowUp" || key === "ArrowDown";
    const forward = key === "ArrowDown" || key === "ArrowRight";
    const distance = (el) => {
      const box = columnOf(el);
      const sideways = box.left - at.left;
      const down = box.top - at.top;
      const along = vertical ? down : sideways;
      const across = vertical ? sideways : down;
      if ((forward ? along <= 1 : along >= -1) || (vertical && Math.abs(across) > at.width)) {
        return Infinity;
      }
      return Math.abs(along) + Math.abs(across) * (vertical ? 10 : 0.2);
    };
    const [next] = others.sort((a, b) => distance(a) - distance(b));
    if (next && distance(next) < Infinity) {
      next.focus();
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  const KEYS = {
    n: () => quick?.focus(),
    t: () => step(0),
    d: () => show("day"),
    w: () => show("week"),
    "[": () => step(-1),
    "]": () => step(1),
  };
  /* The same keys on an Arabic keyboard. */
  const BY_PLACE = { KeyN: "n", KeyT: "t", KeyD: "d", KeyW: "w", BracketLeft: "[", BracketRight: "]" };

  function pressed(event) {
    const modal = document.querySelector("dialog[open]") || [...document.querySelectorAll("#modal-content")].some((el) => el.offsetParent);
    const typing = event.target.closest && event.target.closest("input, select, textarea, [contenteditable]");
    if (modal) {
      return;
    }
    if (event.key === "Escape" && panel.isOpen()) {
      panel.close();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey) {
      if (root.contains(event.target) && event.key === "t") {
        // The sidebar's search would take the focus out of a list of services.
        event.stopPropagation();
      }
      if (event.key === "Escape" && quick?.holds(event.target)) {
        quick.leave(event.target);
      }
      return;
    }
    if (event.altKey) {
      const towards = { ArrowLeft: rightToLeft ? 1 : -1, ArrowRight: rightToLeft ? -1 : 1 }[event.key];
      if (towards) {
        event.preventDefault();
        step(towards);
      }
      return;
    }
    const visit = event.target.closest && event.target.closest("[data-visit]");
    if (visit && event.key.startsWith("Arrow")) {
      event.preventDefault();
      walk(visit, event.key);
      return;
    }
    if (visit && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      event.stopPropagation();
      panel.open(visit.dataset.visit);
      return;
    }
    const act = KEYS[event.key] || KEYS[BY_PLACE[event.code]];
    if (act) {
      // The sidebar's search listens for “t” too.
      event.stopPropagation();
      event.preventDefault();
      act();
    }
  }

  document.addEventListener("keydown", pressed, true);
};
