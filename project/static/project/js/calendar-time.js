/* Days as dates without a clock, and times by the clock of the salon. */
window.calendarTime = (settings, state) => {
  "use strict";

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

  return { clock, shifted, span, titled, wall };
};
