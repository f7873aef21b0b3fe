import { useEffect, useRef, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSecondsLeft } from "../../lib/countdown";
import { Field } from "../../ui/field";
import { Wait } from "../../ui/sign-in/wait";
import type { NumberRequest } from "./number-change";
import { Refused } from "./refused";

interface Props {
  number: string;
  change: (number: string) => void;
  request: NumberRequest;
  ask: () => void;
  stop: () => void;
}

export function NewNumber({ number, change, request, ask, stop }: Props) {
  const { t } = useTranslation();
  const wait = useSecondsLeft(request.error?.retryAt ?? null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  function submit(event: FormEvent) {
    event.preventDefault();
    ask();
  }

  return (
    <form onSubmit={submit} noValidate>
      <Refused error={request.error} field="phone" />
      <Wait seconds={wait} />
      <Field
        ref={input}
        label={t("account.new_phone")}
        hint={t("sign_in.phone_hint")}
        wrong={request.error?.about("phone")}
        type="tel"
        name="phone"
        autoComplete="tel"
        dir="ltr"
        value={number}
        onChange={(event) => change(event.target.value)}
      />
      <div className="choices">
        <button type="button" className="button quiet" onClick={stop}>
          {t("account.stop")}
        </button>
        <button type="submit" className="button" disabled={request.isPending || wait > 0}>
          {request.isPending ? t("sign_in.sending") : t("sign_in.send")}
        </button>
      </div>
    </form>
  );
}
