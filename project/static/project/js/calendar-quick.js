/* The quick form: phone, service, go; and a click on an empty place aims it there. */
window.calendarQuick = (form, page, cards, panel, refresh) => {
  "use strict";

  const { settings, desk, state, time } = page;
  const { texts, urls } = settings;

  function focus() {
    form.elements.phone.focus();
  }

  function choose({ date, resource }) {
    const start = time.wall(date);
    const alone = cards.shownStaff().length === 1 ? cards.shownStaff()[0] : null;
    const person = resource ? state.days.staff.find((one) => one.id === resource.id) : alone;
    aim(start, person ? person.id : "");
    focus();
  }

  function aim(start, staff) {
    const person = state.days.staff.find((one) => one.id === staff);
    attempt = newName();
    form.elements.starts_at.value = start;
    form.elements.staff.value = staff;
    form.elements.reason.value = "";
    const when = document.getElementById("calendar-when");
    const words = when.querySelector("[data-when]");
    words.dataset.usual = words.dataset.usual || words.textContent;
    words.textContent = start ? [time.clock(start), start.slice(0, 10), person ? person.name : ""].filter(Boolean).join(" · ") : words.dataset.usual;
    when.classList.toggle("is-chosen", Boolean(start));
    when.querySelector("[data-now]").hidden = !start;
    full();
  }

  function full() {
    const said = { salon: settings.salon };
    for (const name of ["starts_at", "staff", "service"]) {
      if (form.elements[name].value) {
        said[name] = form.elements[name].value;
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
    const said = { ...Object.fromEntries(new FormData(form)), salon: settings.salon, key: attempt };
    form.classList.add("is-busy");
    form.querySelector("[type=submit]").disabled = true;
    let answer = await desk.post(urls.walk_in, said);
    if (answer && !answer.done && answer.may_override) {
      const lines = answer.reasons.length ? answer.reasons : [{ text: answer.text }];
      const why = await desk.reason(texts.notDone, lines, texts.anyway);
      if (why !== null) {
        answer = await desk.post(urls.walk_in, { ...said, reason: why });
      }
    }
    form.classList.remove("is-busy");
    form.querySelector("[type=submit]").disabled = false;
    if (answer && answer.done) {
      form.reset();
      aim("", "");
      desk.done(texts.booked, answer);
      await refresh({ anew: true });
      panel.focusVisit(answer.booking);
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

  /* Escape inside the form: back to now, and out of it. */
  function leave(field) {
    aim("", "");
    field.blur();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.classList.contains("is-busy")) {
      book();
    }
  });
  form.addEventListener("change", full);
  form.addEventListener("input", () => { attempt = newName(); });
  form.querySelector("[data-now]").addEventListener("click", () => aim("", ""));

  return { choose, focus, holds: (element) => form.contains(element), leave };
};
