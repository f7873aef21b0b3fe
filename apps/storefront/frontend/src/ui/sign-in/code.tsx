import { useEffect, useRef, useState, type ChangeEvent, type FormEvent } from "react";
import { Trans, useTranslation } from "react-i18next";
import { useSecondsLeft } from "../../lib/countdown";
import { digitsOf } from "../../lib/digits";
import { clockText } from "../../lib/time";
import { Field } from "../field";
import { Notice } from "../states";
import { useCodeProof, type Asked, type Channel, type CodeRequest, type Sent } from "./requests";
import { Wait } from "./wait";

const DIGITS = 6;

interface Props {
  asked: Asked;
  sent: Sent;
  request: CodeRequest;
  again: (asked: Asked) => void;
  back: () => void;
}

export function CodeForm({ asked, sent, request, again, back }: Props) {
  const { t } = useTranslation();
  const proof = useCodeProof(sent.challenge);
  const wait = useSecondsLeft(proof.error?.retryAt ?? null);
  const problem = proof.error?.besides("code") ?? request.error?.message;

  return (
    <>
      <p role="status">
        <Trans
          i18nKey={`sign_in.sent_${asked.channel}`}
          values={{ phone: asked.phone }}
          components={{ number: <bdi dir="ltr" /> }}
        />
      </p>
      {problem && <Notice kind="problem">{problem}</Notice>}
      <Wait seconds={wait} />
      <CodeInput proof={proof} isWaiting={wait > 0} />
      <Resend sent={sent} request={request} again={(channel) => again({ ...asked, channel })} />
      <button type="button" className="button quiet wide" onClick={back}>
        {t("sign_in.other_phone")}
      </button>
    </>
  );
}

type Proof = ReturnType<typeof useCodeProof>;

function CodeInput({ proof, isWaiting }: { proof: Proof; isWaiting: boolean }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  // A wrong code stays readable, and the next key replaces it.
  useEffect(() => input.current?.select(), [proof.error]);

  function change(event: ChangeEvent<HTMLInputElement>) {
    const digits = digitsOf(event.target.value).slice(0, DIGITS);
    setCode(digits);
    if (digits.length === DIGITS && digits !== code) send(digits);
  }

  function send(digits: string) {
    if (!proof.isPending && !isWaiting) proof.mutate(digits);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    send(code);
  }

  return (
    <form onSubmit={submit} noValidate>
      <Field
        ref={input}
        label={t("sign_in.code")}
        hint={t("sign_in.code_hint")}
        wrong={proof.error?.about("code")}
        className="code"
        name="code"
        autoComplete="one-time-code"
        inputMode="numeric"
        dir="ltr"
        value={code}
        readOnly={proof.isPending}
        onChange={change}
      />
      <button type="submit" className="button wide" disabled={proof.isPending || isWaiting}>
        {proof.isPending ? t("sign_in.checking") : t("sign_in.enter")}
      </button>
    </form>
  );
}

interface ResendProps {
  sent: Sent;
  request: CodeRequest;
  again: (channel: Channel) => void;
}

function Resend({ sent, request, again }: ResendProps) {
  const { t } = useTranslation();
  const left = useSecondsLeft(Math.max(sent.resendAt, request.error?.retryAt ?? 0));
  if (left > 0) {
    return (
      <p className="soft">
        {t("sign_in.resend_in")} <bdi dir="ltr">{clockText(left)}</bdi>
      </p>
    );
  }
  return (
    <div className="resend">
      <p>{t("sign_in.not_arrived")}</p>
      {(["sms", "whatsapp"] as const).map((channel) => (
        <button
          key={channel}
          type="button"
          className="button quiet"
          disabled={request.isPending}
          onClick={() => again(channel)}
        >
          {t(`sign_in.resend_${channel}`)}
        </button>
      ))}
    </div>
  );
}
