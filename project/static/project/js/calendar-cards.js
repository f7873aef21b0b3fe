/* What is shown: people as columns, their visits as cards, and the time in which they cannot be booked. */
window.calendarCards = (page) => {
  "use strict";

  const { settings, desk, state, time, grid, phone } = page;
  const { texts } = settings;
  const EVERYBODY = "all";
  const TABLE_ROLES = ["table", "rowgroup", "row", "cell", "gridcell", "columnheader", "rowheader"]
    .map((role) => `[role=${role}]`)
    .join();
  const TABLE_PLACES = ["aria-colindex", "aria-rowindex", "aria-colcount", "aria-rowcount", "aria-colspan", "aria-rowspan"];
  const PAID_ICONS = { paid: "check_circle", partly: "timelapse", unpaid: "radio_button_unchecked" };

  function shownStaff() {
    const everybody = state.days ? state.days.staff : [];
    const chosen = everybody.filter((person) => person.id === state.staff);
    if (chosen.length) {
      return chosen;
    }
    // A week of many people at once is readable to nobody who did not ask for it.
    const alone = phone.matches || (state.view === "week" && state.staff !== EVERYBODY);
    return alone ? everybody.slice(0, 1) : everybody;
  }

  function shownEvents() {
    const shown = new Set(shownStaff().map((person) => person.id));
    const alone = shown.size === 1;
    const visits = state.days.visits.filter((visit) => shown.has(visit.staff)).map((visit) => ({
      id: visit.id,
      resourceIds: [visit.staff],
      start: visit.start,
      end: visit.end,
      startEditable: visit.movable,
      durationEditable: visit.resizable,
      classNames: [`visit-${visit.status}`, ...(visit.paid ? [`paid-${visit.paid}`] : []), ...(visit.id === state.open ? ["visit-open"] : [])],
      extendedProps: visit,
    }));
    if (state.view === "week" && !alone) {
      return visits;
    }
    const stretches = state.days.stretches.filter((one) => shown.has(one.staff)).map((one, index) => ({
      id: `stretch-${index}`,
      resourceIds: [one.staff],
      start: one.start,
      end: one.end,
      display: "background",
      classNames: [`stretch-${one.kind}`],
      extendedProps: one,
    }));
    return [...stretches, ...visits];
  }

  function card({ event }) {
    const it = event.extendedProps;
    if (!it.start) {
      return ""; // where the pointer is
    }
    if (event.display === "background") {
      const words = desk.element("span", "stretch-text", it.text);
      return { domNodes: [words] };
    }
    const head = desk.element("span", "card-head");
    const starts = desk.element("bdi", "card-time", time.clock(it.start));
    starts.dir = "ltr";
    head.append(desk.element("bdi", "card-who", it.customer), starts);
    if (it.hasNote) {
      const note = desk.icon("sticky_note_2");
      note.title = texts.hasNote;
      head.append(note);
    }
    const what = desk.element("span", "card-what");
    what.append(desk.element("bdi", "", it.service));
    if (state.view === "week" && shownStaff().length > 1) {
      what.append(" · ", desk.element("bdi", "", it.staffName));
    }
    const words = desk.element("span", "card-words");
    words.append(desk.element("span", "card-state", it.state));
    if (it.paid) {
      const paid = desk.element("span", "card-paid");
      paid.append(desk.icon(PAID_ICONS[it.paid]), desk.element("span", "card-paid-word", it.paidText));
      words.append(paid);
    }
    return { domNodes: [head, words, what] };
  }

  function mounted({ el, event }) {
    if (event.display === "background") {
      el.title = event.extendedProps.text;
      return;
    }
    if (!event.extendedProps.label) {
      return;
    }
    el.dataset.visit = event.id;
    el.tabIndex = 0;
    el.setAttribute("role", "button");
    el.setAttribute("aria-label", event.extendedProps.label);
    el.title = event.extendedProps.label;
  }

  /* Cards are drawn again without being made anew, so what they say aloud is set again. */
  function relabel() {
    // The grid calls itself a table without rows; its cards name their column themselves.
    for (const el of grid.querySelectorAll(TABLE_ROLES)) {
      el.removeAttribute("role");
    }
    for (const name of TABLE_PLACES) {
      for (const el of grid.querySelectorAll(`[${name}]`)) {
        el.removeAttribute(name);
      }
    }
    const visits = new Map((state.days ? state.days.visits : []).map((visit) => [visit.id, visit]));
    for (const el of grid.querySelectorAll("[data-visit]")) {
      const visit = visits.get(el.dataset.visit);
      if (visit) {
        el.setAttribute("aria-label", visit.label);
        el.title = visit.label;
      }
    }
  }

  return { EVERYBODY, card, mounted, relabel, shownEvents, shownStaff };
};
