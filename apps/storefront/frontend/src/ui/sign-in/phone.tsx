import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSecondsLeft } from "../../lib/countdown";
import { Field } from "../field";
import { Notice } from "../states";
import type { Asked, Channel, CodeRequest } from "./requests";
import { Wait } from "./wait";

interface Props {
  asked: Asked;
  request: CodeRequest;
  ask: (asked: Asked) => void;
}

export function PhoneForm({ asked, request, ask }: Props) {
  const { t } = useTranslation();
  const [phone, setPhone] = useState(asked.phone);
  const [channel, setChannel] = useState(asked.channel);
  const wait = useSecondsLeft(request.error?.retryAt ?? null);
  const problem = request.error?.besides("phone");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!request.isPending) ask({ phone, channel });
  }

  return (
    <form onSubmit={submit} noValidate>
      <p>{t("sign_in.why")}</p>
      {problem && <Notice kind="problem">{problem}</Notice>}
      <Wait seconds={wait} />
      <Field
        label={t("sign_in.phone")}
        hint={t("sign_in.phone_hint")}
        wrong={request.error?.about("phone")}
        type="tel"
        name="phone"
        autoComplete="tel"
        dir="ltr"
        value={phone}
        onChange={(event) => setPhone(event.target.value)}
      />
      <ChannelChoice chosen={channel} choose={setChannel} />
      <button type="submit" className="button wide" disabled={request.isPending || wait > 0}>
        {request.isPending ? t("sign_in.sending") : t("sign_in.send")}
      </button>
    </form>
  );
}

function ChannelChoice({ chosen, choose }: { chosen: Channel; choose: (channel: Channel) => void }) {
  const { t } = useTranslation();
  return (
    <fieldset className="channels">
      <legend>{t("sign_in.channel")}</legend>
      {(["sms", "whatsapp"] as const).map((channel) => (
        <label key={channel}>
          <input type="radio" name="channel" checked={channel === chosen} onChange={() => choose(channel)} />
          {t(`sign_in.${channel}`)}
        </label>
      ))}
    </fieldset>
  );
}
