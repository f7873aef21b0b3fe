import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Trans, useTranslation } from "react-i18next";
import { bookingOptions, type Booking } from "../../api/queries";
import { useSecondsLeft } from "../../lib/countdown";
import { clockText, timeText, zoneOf } from "../../lib/time";
import { visitState, type VisitState } from "./state";

const TONES: Record<VisitState, "good" | "info" | "problem"> = {
  awaits_payment: "info",
  awaits_salon: "info",
  confirmed: "good",
  arrived: "good",
  completed: "good",
  no_show: "problem",
  cancelled: "problem",
  expired: "problem",
};

/** The state of the booking in words. */
export function Banner({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const state = visitState(booking);
  return (
    <div className={`notice banner ${TONES[state]}`}>
      <p role="status">
        <strong>{t(`visit.${state}.title`)}</strong>
        <span>{t(`visit.${state}.meaning`)}</span>
      </p>
      {booking.hold_expires_at && <Hold booking={booking} until={booking.hold_expires_at} />}
    </div>
  );
}

function Hold({ booking, until }: { booking: Booking; until: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const left = useSecondsLeft(Date.parse(until));
  useEffect(() => {
    if (left === 0) void client.invalidateQueries(bookingOptions(booking.id));
  }, [client, booking.id, left]);
  if (left === 0) return <p>{t("visit.hold_over")}</p>;
  return (
    <p className="hold">
      <Trans
        i18nKey="visit.held"
        values={{ time: timeText(until, zoneOf(until)), left: clockText(left) }}
        components={{ time: <bdi />, left: <bdi dir="ltr" className="clock" /> }}
      />
    </p>
  );
}
