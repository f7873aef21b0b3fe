import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { bookingOptions, useBookingStep, type Booking } from "../../api/queries";
import { isNothing } from "../../lib/money";
import { Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/field";
import { Notice } from "../../ui/states";
import { Money } from "../../ui/text";
import { moneyOfCancelling } from "./fee";

export const useCancelling = ({ id }: Booking) =>
  useBookingStep((reason: string) =>
    body(api.POST("/api/v1/bookings/{id}/cancel/", { params: { path: { id } }, body: reason ? { reason } : {} })),
  );

type Cancelling = ReturnType<typeof useCancelling>;

interface Props {
  booking: Booking;
  cancel: Cancelling;
}

export function Cancel({ booking, cancel }: Props) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const client = useQueryClient();

  function show(open: boolean) {
    // The fee may have begun since the page was opened, and a refusal may tell of another state.
    void client.invalidateQueries({ queryKey: bookingOptions(booking.id).queryKey });
    cancel.reset();
    setOpen(open);
  }

  return (
    <>
      <button type="button" className="button danger wide" onClick={() => show(true)}>
        {t("act.cancel")}
      </button>
      {isOpen && <CancelDialog booking={booking} cancel={cancel} close={() => show(false)} />}
    </>
  );
}

function CancelDialog({ booking, cancel, close }: Props & { close: () => void }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const problem = cancel.error?.besides("reason");

  function submit(event: FormEvent) {
    event.preventDefault();
    cancel.mutate(reason.trim());
  }

  return (
    <Dialog title={t("act.cancel_title")} close={close}>
      <form onSubmit={submit} noValidate>
        <Consequences booking={booking} />
        {problem && <Notice kind="problem">{problem}</Notice>}
        <TextField
          label={t("act.cancel_reason")}
          rows={2}
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          wrong={cancel.error?.about("reason")}
        />
        <div className="choices">
          <button type="button" className="button quiet" onClick={close}>
            {t("act.keep")}
          </button>
          <button type="submit" className="button danger" disabled={cancel.isPending}>
            {cancel.isPending ? t("act.cancelling") : t("act.cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Consequences({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const sums = moneyOfCancelling(booking);
  if (isNothing(sums.fee) && isNothing(sums.paid)) return <p>{t("act.free")}</p>;
  return (
    <dl className="sums" aria-live="polite">
      <Sum label={t("act.fee")} amount={sums.fee} />
      {!isNothing(sums.paid) && <Sum label={t("act.paid")} amount={sums.paid} />}
      {!isNothing(sums.back) && <Sum label={t("act.back")} amount={sums.back} />}
      {!isNothing(sums.owed) && <Sum label={t("act.owed")} amount={sums.owed} />}
    </dl>
  );
}

function Sum({ label, amount }: { label: string; amount: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <Money amount={amount} />
      </dd>
    </div>
  );
}
