/* The grid of the day or the week. `done` says what happens when somebody clicks or drags in it. */
window.calendarGrid = (page, cards, panel, done) => {
  "use strict";

  const { root, settings, desk, state, time, grid, phone, remember } = page;
  const { texts } = settings;
  const picker = document.getElementById("calendar-staff");
  const NARROWEST = 112;
  let drawn = "";

  const minutes = (hour) => `${String(hour).padStart(2, "0")}:00:00`;

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
    eventContent: cards.card,
    eventDidMount: cards.mounted,
    ...done,
    eventAllUpdated: cards.relabel,
  });

  function options() {
    const people = cards.shownStaff();
    const { first } = time.span();
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
      events: cards.shownEvents(),
    };
  }

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
    document.getElementById("calendar-title").textContent = time.titled();
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
      requestAnimationFrame(() => panel.focusVisit(focused));
    }
    remember();
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
    const everybody = new Option(texts.everybody, cards.EVERYBODY);
    picker.replaceChildren(...(phone.matches ? choices : [everybody, ...choices]));
    const shown = cards.shownStaff();
    picker.value = shown.length === 1 ? shown[0].id : cards.EVERYBODY;
    picker.hidden = state.days.staff.length < 2;
  }

  picker.addEventListener("change", () => {
    state.staff = picker.value;
    draw();
  });

  return { draw };
};
