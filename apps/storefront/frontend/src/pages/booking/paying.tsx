import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trans, useTranslation } from "react-i18next";
import type { Refusal } from "../../api/client";
import { startPayment } from "../../api/once";
import { bookingOptions, type Booking, type Payment } from "../../api/queries";
import { Notice } from "../../ui/states";
import { Money } from "../../ui/text";
import { isPayable, isSettled, visitState } from "./state";

/** What is known of the money, and the way to pay. */
export function Paying({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const { payment } = booking;
  return (
    <section className="card paying" aria-labelledby="paying">
      <h2 id="paying">{t("pay.title")}</h2>
      <p>
        {payment ? (
          <Trans i18nKey={`pay.${payment.status}`} components={{ amount: <Money amount={payment.amount} /> }} />
        ) : (
          t(booking.status === "confirmed" ? "pay.at_salon" : "pay.none")
        )}
      </p>
      {payment?.failure && <Failure failure={payment.failure} />}
      {isPayable(booking) && <PayButton booking={booking} />}
    </section>
  );
}

export function Failure({ failure }: { failure: NonNullable<Payment["failure"]> }) {
  const { t } = useTranslation();
  return <p className="wrong">{t("pay.reason", { reason: failure.detail })}</p>;
}

export function PayButton({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const pay = useMutation<Payment, Refusal>({
    mutationFn: () => startPayment(booking.id),
    networkMode: "always",
    onSuccess: ({ payment_url }) => {
      if (payment_url) window.location.assign(payment_url);
    },
    onSettled: () => client.invalidateQueries(bookingOptions(booking.id)),
  });
  const isUrgent = visitState(booking) === "awaits_payment";

  return (
    <>
      {pay.error && <Notice kind="problem">{pay.error.message}</Notice>}
      <button
        type="button"
        className={`button wide ${isUrgent ? "" : "quiet"}`}
        disabled={pay.isPending}
        onClick={() => pay.mutate()}
      >
        {pay.isPending ? t("pay.opening") : t(`pay.${wish(booking)}`)}
      </button>
    </>
  );
}

function wish({ payment }: Booking): "now" | "again" | "rest" {
  if (payment && isSettled(payment)) return "rest";
  return payment?.failure || payment?.status === "failed" ? "again" : "now";
}
