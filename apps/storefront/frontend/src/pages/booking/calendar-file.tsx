import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body, type Refusal } from "../../api/client";
import type { Booking } from "../../api/queries";
import { offerFile } from "../../lib/download";
import { Notice } from "../../ui/states";

/** The visit for the customer's own calendar. A plain link could not say who asks. */
export function CalendarFile({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const { id, reference } = booking;
  const file = useMutation<Blob, Refusal>({
    mutationFn: () =>
      body<Blob>(api.GET("/api/v1/bookings/{id}/calendar/", { params: { path: { id } }, parseAs: "blob" })),
    networkMode: "always",
    onSuccess: (content) => offerFile(content, `${reference}.ics`),
  });
  return (
    <>
      {file.error && <Notice kind="problem">{file.error.message}</Notice>}
      <button type="button" className="button quiet wide" disabled={file.isPending} onClick={() => file.mutate()}>
        {t("visit.calendar")}
      </button>
    </>
  );
}
