/* A week of hours: bars beside the boxes, days copied to others, windows added and removed. */
(() => {
  "use strict";

  const form = document.querySelector("[data-week]");
  if (!form) {
    return;
  }
  const DAY = 24 * 60;
  const days = Array.from(form.querySelectorAll("[data-day]"));
  const blank = form.querySelector("[data-blank]");
  const salonWeek = JSON.parse(form.dataset.salonWeek || "[]");
  const box = (window_, name) => window_.querySelector(`[data-name="${name}"]`);
  const windowsOf = (day) => Array.from(day.querySelectorAll("[data-window]"));
  let isChanged = false;

  function minutes(text) {
    const [hours, rest] = text.split(":").map(Number);
    return text ? hours * 60 + rest : NaN;
  }

  function span(opens, closes, isNextDay) {
    const [start, end] = [minutes(opens), minutes(closes)];
    return { start, end: isNextDay ? end + DAY : end };
  }

  function read(window_) {
    const { start, end } = span(
      box(window_, "opens").value, box(window_, "closes").value, box(window_, "ends_next_day").checked,
    );
    return { start, end, isBreak: box(window_, "is_break").checked, isWhole: end > start };
  }

  // --- Bars ---

  function scale() {
    const all = days.flatMap((day) => windowsOf(day).map(read)).filter(({ isWhole }) => isWhole);
    const first = Math.min(8 * 60, ...all.map(({ start }) => start));
    const last = Math.max(DAY, ...all.map(({ end }) => end));
    return { first: Math.floor(first / 60) * 60, last: Math.ceil(last / 60) * 60 };
  }

  function bar(kind, start, end, { first, last }) {
    const element = document.createElement("span");
    element.className = `salon-week-${kind}`;
    element.style.insetInlineStart = `${((Math.max(start, first) - first) / (last - first)) * 100}%`;
    element.style.width = `${((Math.min(end, last) - Math.max(start, first)) / (last - first)) * 100}%`;
    return element;
  }

  function tick(minute, axis) {
    const element = bar("tick", minute, minute, axis);
    element.textContent = String((minute / 60) % 24).padStart(2, "0");
    return element;
  }

  function draw(day, axis) {
    const track = day.querySelector("[data-track]");
    const windows = windowsOf(day).map(read).filter(({ isWhole }) => isWhole);
    const salons = salonWeek
      .filter(([weekday, , , isBreak]) => weekday === Number(day.dataset.day) && !isBreak)
      .map(([, opens, closes]) => span(opens, closes, minutes(closes) <= minutes(opens)));
    const ticks = [];
    for (let minute = Math.ceil(axis.first / 180) * 180; minute < axis.last; minute += 180) {
      ticks.push(tick(minute, axis));
    }
    track.replaceChildren(
      ...ticks,
      ...salons.map(({ start, end }) => bar("ghost", start, end, axis)),
      ...windows.filter(({ isBreak }) => !isBreak).map(({ start, end }) => bar("bar", start, end, axis)),
      ...windows.filter(({ isBreak }) => isBreak).map(({ start, end }) => bar("break", start, end, axis)),
    );
    const worked = worktime(windows);
    day.querySelector("[data-total]").textContent =
      worked > 0 ? `${Math.floor(worked / 60)}:${String(worked % 60).padStart(2, "0")}` : "";
  }

  function worktime(windows) {
    const covered = new Set();
    for (const isBreak of [false, true]) {
      for (const window_ of windows.filter((one) => one.isBreak === isBreak)) {
        for (let minute = window_.start; minute < window_.end; minute += 1) {
          if (isBreak) {
            covered.delete(minute);
          } else {
            covered.add(minute);
          }
        }
      }
    }
    return covered.size;
  }

  function show() {
    const axis = scale();
    days.forEach((day) => draw(day, axis));
    for (const window_ of form.querySelectorAll("[data-window]")) {
      window_.classList.toggle("salon-window-break", box(window_, "is_break").checked);
    }
  }

  // --- Windows ---

  function add(day, values) {
    const window_ = blank.content.firstElementChild.cloneNode(true);
    box(window_, "weekday").value = day.dataset.day;
    for (const [name, value] of Object.entries(values)) {
      const input = box(window_, name);
      if (input.type === "checkbox") {
        input.checked = value;
      } else {
        input.value = value;
      }
      input.closest("details")?.toggleAttribute("open", Boolean(value) || input.closest("details").open);
    }
    day.querySelector("[data-windows]").append(window_);
    return window_;
  }

  function valuesOf(window_) {
    const values = {};
    for (const input of window_.querySelectorAll("[data-name]")) {
      if (!["row", "weekday"].includes(input.dataset.name)) {
        values[input.dataset.name] = input.type === "checkbox" ? input.checked : input.value;
      }
    }
    return values;
  }

  function fresh(day, isBreak) {
    const last = windowsOf(day).map(read).filter((one) => one.isWhole && !one.isBreak).at(-1);
    if (isBreak) {
      return { opens: "13:00", closes: "13:30", is_break: true };
    }
    return last && last.end < 20 * 60 ? { opens: "16:00", closes: "22:00" } : { opens: "09:00", closes: "17:00" };
  }

  function touched(said = "") {
    isChanged = true;
    form.querySelector("[data-said]").textContent = said;
    form.querySelector("[data-week-bar]")?.classList.add("salon-price-bar-busy");
    show();
  }

  function copy(day) {
    const chosen = new Set(Array.from(day.querySelectorAll("[data-to]:checked"), (one) => one.dataset.to));
    const values = windowsOf(day).map(valuesOf);
    for (const other of days.filter((one) => chosen.has(one.dataset.day))) {
      windowsOf(other).forEach((window_) => window_.remove());
      values.forEach((one) => add(other, one));
    }
    day.querySelector(".salon-week-copy").open = false;
    day.querySelectorAll("[data-to]").forEach((one) => {
      one.checked = false;
    });
    touched(form.dataset.textCopied);
  }

  form.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    const day = target.closest("[data-day]");
    if (!button) {
      return;
    }
    if ("add" in button.dataset) {
      box(add(day, fresh(day, button.dataset.add === "break")), "opens").focus();
      touched();
    } else if ("remove" in button.dataset) {
      button.closest("[data-window]").remove();
      touched();
    } else if ("every" in button.dataset) {
      day.querySelectorAll("[data-to]").forEach((one) => {
        one.checked = true;
      });
    } else if ("copy" in button.dataset) {
      copy(day);
    } else if ("takeSalon" in button.dataset) {
      form.querySelectorAll("[data-window]").forEach((one) => one.remove());
      // The salon's breaks are everybody's already.
      for (const [weekday, opens, closes] of salonWeek.filter(([, , , isBreak]) => !isBreak)) {
        const values = { opens, closes, ends_next_day: minutes(closes) <= minutes(opens) };
        add(days.find((one) => Number(one.dataset.day) === weekday), values);
      }
      touched(form.dataset.textCopied);
    }
  });

  form.addEventListener("input", ({ target }) => {
    if (!target.dataset.name) {
      return;
    }
    const window_ = target.closest("[data-window]");
    if (["opens", "closes"].includes(target.dataset.name)) {
      // Closing at or before the opening can only mean the next day.
      const [start, end] = ["opens", "closes"].map((name) => minutes(box(window_, name).value));
      if (!Number.isNaN(start + end)) {
        box(window_, "ends_next_day").checked = end <= start;
      }
    }
    touched();
  });

  form.addEventListener("submit", () => {
    isChanged = false;
    const windows = Array.from(form.querySelectorAll("[data-window]"));
    windows.forEach((window_, number) => {
      for (const input of window_.querySelectorAll("[data-name]")) {
        input.name = `${form.dataset.prefix}-${number}-${input.dataset.name}`;
      }
    });
    form.querySelector(`[name="${form.dataset.prefix}-TOTAL_FORMS"]`).value = windows.length;
    form.querySelector(`[name="${form.dataset.prefix}-INITIAL_FORMS"]`).value = 0;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged) {
      event.preventDefault();
    }
  });
  show();
})();
