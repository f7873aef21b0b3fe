import { Trans, useTranslation } from "react-i18next";
import type { Quote, Salon } from "../../api/queries";
import { isNothing } from "../../lib/money";
import { dayText, secondsUntil, timeText } from "../../lib/time";
import { Money } from "../../ui/text";

/** Price and terms of a quote in plain words. */
export function Terms({ quote, salon }: { quote: Quote; salon: Salon }) {
  const { t } = useTranslation();
  return (
    <section className="card terms" aria-labelledby="terms">
      <h2 id="terms">{t("confirm.terms")}</h2>
      <p className="price">
        <Money amount={quote.price.amount} />
      </p>
      <p className="soft">
        <Trans i18nKey="confirm.vat" components={{ vat: <Money amount={quote.price.vat} /> }} />
      </p>
      <ul>
        <Now quote={quote} salon={salon} />
        <Cancelling quote={quote} zone={salon.timezone} />
      </ul>
    </section>
  );
}

function Now({ quote, salon }: { quote: Quote; salon: Salon }) {
  const { t } = useTranslation();
  const { prepay, price } = quote;
  if (isNothing(prepay)) {
    return (
      <>
        <li>{t("confirm.pay_later")}</li>
        {salon.confirmation === "by_hand" && <li>{t("confirm.by_hand")}</li>}
      </>
    );
  }
  return (
    <li>
      <Trans
        i18nKey={prepay === price.amount ? "confirm.pay_all" : "confirm.pay_part"}
        components={{ now: <Money amount={prepay} /> }}
      />
    </li>
  );
}

function Cancelling({ quote, zone }: { quote: Quote; zone: string }) {
  const { t } = useTranslation();
  const { free_cancellation_until: until, late_cancellation_fee } = quote;
  const fee = <Money amount={late_cancellation_fee} />;
  if (isNothing(late_cancellation_fee)) return <li>{t("confirm.cancel_free")}</li>;
  if (secondsUntil(until) === 0) {
    return (
      <li>
        <Trans i18nKey="confirm.cancel_costs" components={{ fee }} />
      </li>
    );
  }
  return (
    <>
      <li>
        <Trans
          i18nKey="confirm.cancel_until"
          values={{ day: dayText(until, zone), time: timeText(until, zone) }}
          components={{ moment: <bdi /> }}
        />
      </li>
      <li>
        <Trans i18nKey="confirm.cancel_after" components={{ fee }} />
      </li>
    </>
  );
}
