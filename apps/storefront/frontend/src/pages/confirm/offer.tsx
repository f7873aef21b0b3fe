import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Refusal, type Schemas } from "../../api/client";
import { mayHaveWorked, startPayment } from "../../api/once";
import { useProfile, useQuote, type Booking, type Quote, type Salon } from "../../api/queries";
import { isNothing } from "../../lib/money";
import { Failed, Loading, Notice } from "../../ui/states";
import { Alternatives } from "./alternatives";
import { unanswered, useAttempt } from "./attempt";
import type { Chosen } from "./chosen";
import { DetailFields, type Details } from "./details";
import { Terms } from "./terms";

interface Props {
  salon: Salon;
  chosen: Chosen;
  details: Details;
  change: (details: Details) => void;
}

/** Price, terms and the button, for whoever is signed in. */
export function Offer(props: Props) {
  const me = useProfile();
  if (me.isPending) return <Loading />;
  if (!me.data) return <Failed error={me.error} again={() => void me.refetch()} />;
  const { service, staff, starts_at } = props.chosen.choice;
  const wish = `book ${me.data.id} ${service} ${staff ?? "anyone"} ${starts_at}`;
  return <OneWish key={wish} wish={wish} {...props} />;
}

function OneWish({ wish, salon, chosen, details, change }: Props & { wish: string }) {
  const quote = useQuote(chosen.choice);
  const attempt = useAttempt(wish, useProceed());
  const isOnItsWay = attempt.isPending || attempt.isSuccess;
  const lost = isOnItsWay ? null : unanswered(wish);
  // The time of one's own booking is taken too.
  const gone = isOnItsWay || lost ? undefined : [attempt.error, quote.error].find(isGone);

  if (lost) return <Unanswered ask={() => attempt.mutate(lost)} />;
  if (gone) return <Alternatives salon={salon} chosen={chosen} reason={gone.message} />;
  if (!quote.data) {
    const failed = isOnItsWay ? null : quote.error;
    return failed ? <Failed error={failed} again={() => void quote.refetch()} /> : <Loading />;
  }
  const wanted = wantedOf(chosen, details, quote.data);
  return (
    <Form
      quote={quote.data}
      salon={salon}
      refusal={attempt.error}
      isSending={isOnItsWay}
      details={details}
      change={change}
      book={() => attempt.mutate(wanted)}
    />
  );
}

const isGone = (error: Error | null): error is Refusal =>
  error instanceof Refusal && ["slot_taken", "slot_not_offered"].some((code) => error.has(code));

function wantedOf({ choice }: Chosen, { note, guest_name }: Details, { quote }: Quote): Schemas["BookingRequestRequest"] {
  const { staff, ...rest } = choice;
  return { ...rest, ...(staff ? { staff } : {}), note, guest_name, quote };
}

/** On to the payment, or to the booking where there is nothing to pay or paying has to wait. */
function useProceed() {
  const [, navigate] = useLocation();
  return async (booking: Booking) => {
    const payment = booking.hold_expires_at ? await startPayment(booking.id).catch(() => null) : null;
    // Coming back from the gateway leads to the booking, not to a form that would book again.
    navigate(`/bookings/${booking.id}/`, { replace: true });
    if (payment?.payment_url) window.location.assign(payment.payment_url);
  };
}

function Unanswered({ ask }: { ask: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Notice kind="problem">{t("confirm.unanswered")}</Notice>
      <button type="button" className="button wide" onClick={ask}>
        {t("confirm.ask_again")}
      </button>
    </>
  );
}

interface FormProps {
  quote: Quote;
  salon: Salon;
  refusal: Refusal | null;
  isSending: boolean;
  details: Details;
  change: (details: Details) => void;
  book: () => void;
}

function Form({ quote, salon, refusal, isSending, details, change, book }: FormProps) {
  const { t } = useTranslation();
  const problem = refusal && !mayHaveWorked(refusal) ? refusal.besides("note", "guest_name") : undefined;
  const label = isNothing(quote.prepay) ? t("confirm.book") : t("confirm.book_and_pay");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!isSending) book();
  }

  return (
    <form onSubmit={submit} noValidate>
      {problem && <Notice kind="problem">{problem}</Notice>}
      <Terms quote={quote} salon={salon} />
      <DetailFields details={details} change={change} refusal={refusal} />
      <button type="submit" className="button wide" disabled={isSending}>
        {isSending ? t("confirm.booking") : label}
      </button>
    </form>
  );
}
