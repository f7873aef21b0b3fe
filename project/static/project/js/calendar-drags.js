/* What is dragged: a visit to another time or person, or its lower edge to another length. */
window.calendarDrags = (page, panel, refresh) => {
  "use strict";

  const { root, settings, desk, state, time } = page;
  const { texts, urls } = settings;

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
      starts_at: time.wall(event.start),
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
      panel.open(state.open, { quietly: true });
    }
  }

  return { dropped, hold, release, stretched };
};
