/* The panel of a visit: its facts and every step, beside the grid. */
window.calendarPanel = (page) => {
  "use strict";

  const { settings, desk, state, grid, remember } = page;
  const { urls } = settings;
  const panel = document.getElementById("calendar-panel");

  async function open(id, { quietly = false } = {}) {
    const response = await desk.get(`${urls.panel}?${new URLSearchParams({ booking: id })}`);
    if (!response) {
      return;
    }
    if (!response.ok) {
      close();
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

  function close() {
    const left = state.open;
    panel.hidden = true;
    panel.replaceChildren();
    mark("");
    focusVisit(left);
  }

  function focusVisit(id) {
    const el = id && grid.querySelector(`[data-visit="${CSS.escape(id)}"]`);
    if (el) {
      el.focus({ preventScroll: true });
    }
  }

  panel.addEventListener("click", (event) => event.target.closest("[data-close]") && close());

  return { close, focusVisit, isOpen: () => !panel.hidden, open };
};
