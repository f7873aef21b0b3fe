/*
 * The calendar of the day: people as columns, visits as cards that are dragged, opened and walked by keyboard.
 * The server decides everything; this page shows what it says and asks again every few seconds while it is looked at.
 */
(() => {
  "use strict";

  const root = document.getElementById("calendar");
  if (!root) {
    return;
  }
  const settings = JSON.parse(document.getElementById("calendar-settings").textContent);
  const { texts, urls } = settings;
  const desk = window.calendarDesk(root, settings);
  const grid = document.getElementById("calendar-grid");
  const panel = document.getElementById("calendar-panel");
  const quick = document.getElementById("calendar-quick");
  const picker = document.getElementById("calendar-staff");
  const phone = window.matchMedia("(max-width: 767px)");
  const rightToLeft = document.documentElement.dir === "rtl";
  const NARROWEST = 112;
  const EVERYBODY = "all";
  const TABLE_ROLES = ["table", "rowgroup", "row", "cell", "gridcell", "columnheader", "rowheader"]
    .map((role) => `[role=${role}]`)
    .join();
  const TABLE_PLACES = ["aria-colindex", "aria-rowindex", "aria-colcount", "aria-rowcount", "aria-colspan", "aria-rowspan"];
  const PAID_ICONS = { paid: "check_circle", partly: "timelapse", unpaid: "radio_button_unchecked" };

  const address = new URLSearchParams(window.location.search);
  const state = {
    day: /^\d{4}-\d\d-\d\d$/.test(address.get("date") || "") ? address.get("date") : settings.today,
    view: address.get("view") === "week" ? "week" : "day",
    staff: address.get("staff") || "",
    open: "",
    days: null,
    etag: "",
    held: false,
    asked: 0,
  };

  /* --- Days, as dates without a clock --- */

  function shifted(day, count) {
    const date = new Date(`${day}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() + count);
    return date.toISOString().slice(0, 10);
  }

  function span() {
    if (state.view === "day") {
      return { first: state.day, count: 1 };
    }
    const weekday = new Date(`${state.day}T12:00:00Z`).getUTCDay();
    return { first: shifted(state.day, -((weekday - settings.firstDay + 7) % 7)), count: 7 };
  }

  function titled() {
    const { first, count } = span();
    const at = (day) => new Date(`${day}T12:00:00Z`);
    const format = (options) => new Intl.DateTimeFormat(settings.locale, { timeZone: "UTC", ...options });
    const day = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
    const short = format({ day: "numeric", month: "short", year: "numeric" });
    const last = shifted(first, count - 1);
    return count === 1 ? day.format(at(first)) : short.formatRange(at(first), at(last));
  }

  /* The calendar hands out Dates whose own clock shows the salon's time, whatever the zone of this computer. */
  function wall(date) {
    const two = (number) => String(number).padStart(2, "0");
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
  }

  function clock(text) {
    return text.slice(11, 16);
  }

  /* --- What is shown --- */

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
    const time = desk.element("bdi", "card-time", clock(it.start));
    time.dir = "ltr";
    head.append(desk.element("bdi", "card-who", it.customer), time);
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

  const minutes = (hour) => `${String(hour).padStart(2, "0")}:00:00`;

  function options() {
    const people = shownStaff();
    const { first } = span();
    const isWeek = state.view === "week";
    const width = grid.clientWidth - 60;
    const columns = isWeek ? 7 : people.length;
    return {
      view: isWeek ? "timeGridWeek" : "resourceTimeGridDay",
      date: first,
      timeZone: state.days.offset,
      slotMinTime: minutes(state.days.opens),
      slotMaxTime: minutes(state.days.closes),
      columnWidth: columns && width / columns < NARROWEST ? `${NARROWEST}px` : undefined,
      resources: people.map((person) => ({ id: person.id, title: person.name, extendedProps: person })),
      events: shownEvents(),
    };
  }

  const calendar = window.EventCalendar.create(grid, {
    view: "resourceTimeGridDay",
    date: state.day,
    locale: settings.locale,
    firstDay: settings.firstDay,
    headerToolbar: { start: "", center: "", end: "" },
    height: "100%",
    allDaySlot: false,
    nowIndicator: true,
    pointer: true,
    slotDuration: "00:15:00",
    slotLabelInterval: "01:00:00",
    slotHeight: 24,
    snapDuration: { minutes: settings.step },
    slotEventOverlap: false,
    longPressDelay: 400,
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    dayHeaderFormat: { weekday: "short", day: "numeric", month: "numeric" },
    resourceLabelContent: ({ resource }) => {
      const dot = desk.element("span", "staff-dot");
      dot.style.backgroundColor = resource.extendedProps.color;
      return { domNodes: [dot, desk.element("bdi", "", resource.title)] };
    },
    eventContent: card,
    eventDidMount: mounted,
    eventClick: ({ event }) => event.display !== "background" && openPanel(event.id),
    dateClick: choose,
    eventDragStart: hold,
    eventDragStop: release,
    eventResizeStart: hold,
    eventResizeStop: release,
    eventDrop: dropped,
    eventResize: stretched,
    eventAllUpdated: relabel,
  });

  let drawn = "";

  function draw() {
    const focused = document.activeElement && document.activeElement.dataset.visit;
    const wanted = options();
    const frame = JSON.stringify([wanted.view, wanted.date]);
    const { events, resources, ...rest } = wanted;
    for (const [name, value] of Object.entries({ ...rest, resources, events })) {
      calendar.setOption(name, value);
    }
    if (frame !== drawn) {
      drawn = frame;
      // The grid scrolls by itself first.
      setTimeout(scrollToWork, 150);
    }
    pick();
    document.getElementById("calendar-title").textContent = titled();
    document.getElementById("calendar-hijri").textContent = state.days.hijri;
    document.getElementById("calendar-date").value = state.day;
    for (const button of root.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
    }
    grid.classList.toggle("is-empty", !state.days.staff.length);
    if (!state.days.staff.length) {
      desk.notice("warning", texts.noStaff);
    }
    if (focused) {
      requestAnimationFrame(() => focusVisit(focused));
    }
    remember();
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

  function scrollToWork() {
    const now = grid.querySelector(".ec-now-indicator");
    const main = grid.querySelector(".ec-main") || grid;
    if (now) {
      main.scrollTop += now.getBoundingClientRect().top - main.getBoundingClientRect().top - main.clientHeight / 3;
    }
  }

  function pick() {
    const choices = state.days.staff.map((person) => new Option(person.name, person.id));
    const everybody = new Option(texts.everybody, EVERYBODY);
    picker.replaceChildren(...(phone.matches ? choices : [everybody, ...choices]));
    const shown = shownStaff();
    picker.value = shown.length === 1 ? shown[0].id : EVERYBODY;
    picker.hidden = state.days.staff.length < 2;
  }

  function remember() {
    const said = { salon: settings.salon, date: state.day, view: state.view, staff: state.staff, booking: state.open };
    const kept = Object.entries(said).filter(([, value]) => value);
    window.history.replaceState(null, "", `?${new URLSearchParams(kept)}`);
  }

  /* --- Asking for the days --- */

  let timer = 0;

  async function refresh({ anew = false } = {}) {
    clearTimeout(timer);
    const { first, count } = span();
    const turn = ++state.asked;
    const key = `${first}/${count}`;
    const query = new URLSearchParams({ salon: settings.salon, day: first, days: count });
    try {
      const known = !anew && state.key === key && state.etag ? { "If-None-Match": state.etag } : {};
      const response = await (anew ? desk.get : desk.poll)(`${urls.days}?${query}`, known);
      if (!response || turn !== state.asked) {
        return;
      }
      if (response.ok) {
        const days = await response.json();
        if (turn !== state.asked) {
          return;
        }
        if (state.held) {
          state.etag = "";
        } else {
          Object.assign(state, { days, key, etag: response.headers.get("ETag") || "" });
          draw();
        }
      }
      root.classList.toggle("is-offline", !(response.ok || response.status === 304));
    } catch {
      root.classList.add("is-offline");
    }
    timer = setTimeout(tick, settings.every * 1000);
  }

  function tick() {
    if (document.visibilityState === "visible" && !state.held) {
      refresh();
    } else {
      timer = setTimeout(tick, settings.every * 1000);
    }
  }

  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
  window.addEventListener("online", () => refresh());
  phone.addEventListener("change", () => state.days && draw());

  function go(day) {
    state.day = day;
    refresh({ anew: true });
  }

  function step(direction) {
    if (direction === 0) {
      go(settings.today);
    } else {
      go(shifted(state.day, direction * (state.view === "week" ? 7 : 1)));
    }
  }

  function show(view) {
    state.view = view;
    refresh({ anew: true });
  }

  /* --- Dragging --- */

  function hold() {
    state.held = true;
  }

  function release() {
    state.held = false;
  }

  async function dropped({ event, newResource, revert }) {
    const visit = event.extendedProps;
    const move = {
      booking: visit.id,
      version: visit.version,
      staff: newResource ? newResource.id : visit.staff,
      starts_at: wall(event.start),
    };
    await carryOut(urls.move, move, texts.moved, revert);
  }

  async function stretched({ event, revert }) {
    const visit = event.extendedProps;
    const said = { booking: visit.id, version: visit.version, minutes: Math.round((event.end - event.start) / 60000) };
    const why = await desk.reason(texts.whyLength, [], texts.change);
    if (why === null) {
      revert();
      return;
    }
    await carryOut(urls.length, { ...said, reason: why }, texts.resized, revert);
  }

  /* Sends what was done; what is refused goes back to its place, and who may insist is asked why. */
  async function carryOut(url, said, title, revert) {
    root.classList.add("is-busy");
    let answer = await desk.post(url, said);
    if (answer && !answer.done) {
      revert();
      if (answer.may_override) {
        const lines = answer.reasons.length ? answer.reasons : [{ text: answer.text }];
        const why = await desk.reason(texts.notDone, lines, texts.anyway, said.reason);
        if (why !== null) {
          answer = await desk.post(url, { ...said, reason: why, override: "on" });
        }
      }
    }
    root.classList.remove("is-busy");
    if (answer && answer.done) {
      desk.done(title, answer);
    } else if (answer) {
      desk.refused(answer);
    }
    await refresh({ anew: true });
    if (state.open) {
      openPanel(state.open, { quietly: true });
    }
  }

  /* --- The panel of a visit --- */

  async function openPanel(id, { quietly = false } = {}) {
    const response = await desk.get(`${urls.panel}?${new URLSearchParams({ booking: id })}`);
    if (!response) {
      return;
    }
    if (!response.ok) {
      closePanel();
      return;
    }
    panel.innerHTML = await response.text();
    window.htmx.process(panel);
    panel.hidden = false;
    mark(id);
    if (!quietly) {
      panel.querySelector("h2").focus();
    }
  }

  function mark(id) {
    state.open = id;
    for (const el of grid.querySelectorAll("[data-visit]")) {
      el.classList.toggle("visit-open", el.dataset.visit === id);
    }
    remember();
  }

  function closePanel() {
    const { open } = state;
    panel.hidden = true;
    panel.replaceChildren();
    mark("");
    focusVisit(open);
  }

  function focusVisit(id) {
    const el = id && grid.querySelector(`[data-visit="${CSS.escape(id)}"]`);
    if (el) {
      el.focus({ preventScroll: true });
    }
  }

  panel.addEventListener("click", (event) => event.target.closest("[data-close]") && closePanel());

  /* --- The quick form --- */

  function choose({ date, resource }) {
    if (!quick) {
      return;
    }
    const start = wall(date);
    const alone = shownStaff().length === 1 ? shownStaff()[0] : null;
    const person = resource ? state.days.staff.find((one) => one.id === resource.id) : alone;
    aim(start, person ? person.id : "");
    quick.elements.phone.focus();
  }

  function aim(start, staff) {
    const person = state.days.staff.find((one) => one.id === staff);
    attempt = newName();
    quick.elements.starts_at.value = start;
    quick.elements.staff.value = staff;
    quick.elements.reason.value = "";
    const when = document.getElementById("calendar-when");
    const words = when.querySelector("[data-when]");
    words.dataset.usual = words.dataset.usual || words.textContent;
    words.textContent = start ? [clock(start), start.slice(0, 10), person ? person.name : ""].filter(Boolean).join(" · ") : words.dataset.usual;
    when.classList.toggle("is-chosen", Boolean(start));
    when.querySelector("[data-now]").hidden = !start;
    full();
  }

  function full() {
    const said = { salon: settings.salon };
    for (const name of ["starts_at", "staff", "service"]) {
      if (quick.elements[name].value) {
        said[name] = quick.elements[name].value;
      }
    }
    document.getElementById("calendar-add").href = `${urls.add}?${new URLSearchParams(said)}`;
  }

  /* The same name while nothing else is asked for: pressed again after a lost answer, it is not done again. */
  let attempt = newName();

  function newName() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function book() {
    const said = { ...Object.fromEntries(new FormData(quick)), salon: settings.salon, key: attempt };
    quick.classList.add("is-busy");
    quick.querySelector("[type=submit]").disabled = true;
    let answer = await desk.post(urls.walk_in, said);
    if (answer && !answer.done && answer.may_override) {
      const lines = answer.reasons.length ? answer.reasons : [{ text: answer.text }];
      const why = await desk.reason(texts.notDone, lines, texts.anyway);
      if (why !== null) {
        answer = await desk.post(urls.walk_in, { ...said, reason: why });
      }
    }
    quick.classList.remove("is-busy");
    quick.querySelector("[type=submit]").disabled = false;
    if (answer && answer.done) {
      quick.reset();
      aim("", "");
      desk.done(texts.booked, answer);
      await refresh({ anew: true });
      focusVisit(answer.booking);
    } else if (answer) {
      const again = (answer.nearest || []).map(({ text, start, staff }) => ({
        text,
        press: () => {
          desk.told.replaceChildren();
          aim(start, staff);
          book();
        },
      }));
      desk.refused(answer, again);
    }
  }

  if (quick) {
    quick.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!quick.classList.contains("is-busy")) {
        book();
      }
    });
    quick.addEventListener("change", full);
    quick.addEventListener("input", () => { attempt = newName(); });
    quick.querySelector("[data-now]").addEventListener("click", () => aim("", ""));
  }

  /* --- Keyboard --- */

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
    n: () => quick && quick.elements.phone.focus(),
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
    if (event.key === "Escape" && !panel.hidden) {
      closePanel();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey) {
      if (root.contains(event.target) && event.key === "t") {
        // The sidebar's search would take the focus out of a list of services.
        event.stopPropagation();
      }
      if (event.key === "Escape" && quick && quick.contains(event.target)) {
        aim("", "");
        event.target.blur();
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
      openPanel(visit.dataset.visit);
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

  /* --- The bar --- */

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go], [data-view]");
    if (button && button.dataset.go) {
      step(Number(button.dataset.go));
    } else if (button) {
      show(button.dataset.view);
    }
  });
  document.getElementById("calendar-date").addEventListener("change", (event) => event.target.value && go(event.target.value));
  picker.addEventListener("change", () => {
    state.staff = picker.value;
    draw();
  });
  const salons = document.getElementById("calendar-salon");
  if (salons) {
    salons.addEventListener("change", () => window.location.assign(`?${new URLSearchParams({ salon: salons.value, date: state.day })}`));
  }

  if (quick && window.location.hash === "#walk-in") {
    quick.elements.phone.focus();
  }
  const opened = address.get("booking");
  refresh({ anew: true }).then(() => opened && openPanel(opened, { quietly: true }));
})();
