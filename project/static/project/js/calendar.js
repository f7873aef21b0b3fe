/*
 * The calendar of the day: people as columns, visits as cards that are dragged, opened and walked by keyboard.
 * The server decides everything; this page shows what it says and asks again every few seconds while it is looked at.
 * This file keeps what is looked at, asks for it and joins the parts, each a file of its own beside it.
 */
(() => {
  "use strict";

  const root = document.getElementById("calendar");
  if (!root) {
    return;
  }
  const settings = JSON.parse(document.getElementById("calendar-settings").textContent);
  const phone = window.matchMedia("(max-width: 767px)");

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

  function remember() {
    const said = { salon: settings.salon, date: state.day, view: state.view, staff: state.staff, booking: state.open };
    const kept = Object.entries(said).filter(([, value]) => value);
    window.history.replaceState(null, "", `?${new URLSearchParams(kept)}`);
  }

  const desk = window.calendarDesk(root, settings);
  const time = window.calendarTime(settings, state);
  const grid = document.getElementById("calendar-grid");
  const page = { root, settings, desk, state, time, grid, phone, remember };
  const cards = window.calendarCards(page);
  const panel = window.calendarPanel(page);
  const drags = window.calendarDrags(page, panel, refresh);
  const form = document.getElementById("calendar-quick");
  const quick = form && window.calendarQuick(form, page, cards, panel, refresh);
  const drawing = window.calendarGrid(page, cards, panel, {
    eventClick: ({ event }) => event.display !== "background" && panel.open(event.id),
    dateClick: (place) => quick?.choose(place),
    eventDragStart: drags.hold,
    eventDragStop: drags.release,
    eventResizeStart: drags.hold,
    eventResizeStop: drags.release,
    eventDrop: drags.dropped,
    eventResize: drags.stretched,
  });
  window.calendarKeys(page, panel, quick, { step, show });

  /* --- Asking for the days --- */

  let timer = 0;

  async function refresh({ anew = false } = {}) {
    clearTimeout(timer);
    const { first, count } = time.span();
    const turn = ++state.asked;
    const key = `${first}/${count}`;
    const query = new URLSearchParams({ salon: settings.salon, day: first, days: count });
    try {
      const known = !anew && state.key === key && state.etag ? { "If-None-Match": state.etag } : {};
      const response = await (anew ? desk.get : desk.poll)(`${settings.urls.days}?${query}`, known);
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
          drawing.draw();
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

  function go(day) {
    state.day = day;
    refresh({ anew: true });
  }

  function step(direction) {
    if (direction === 0) {
      go(settings.today);
    } else {
      go(time.shifted(state.day, direction * (state.view === "week" ? 7 : 1)));
    }
  }

  function show(view) {
    state.view = view;
    refresh({ anew: true });
  }

  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
  window.addEventListener("online", () => refresh());
  phone.addEventListener("change", () => state.days && drawing.draw());

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
  const salons = document.getElementById("calendar-salon");
  if (salons) {
    salons.addEventListener("change", () => window.location.assign(`?${new URLSearchParams({ salon: salons.value, date: state.day })}`));
  }

  if (window.location.hash === "#walk-in") {
    quick?.focus();
  }
  const opened = address.get("booking");
  refresh({ anew: true }).then(() => opened && panel.open(opened, { quietly: true }));
})();
