import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body, type Refusal, type Schemas } from "../../api/client";
import type { Profile } from "../../api/queries";
import { LANGUAGES, languageOf, speak, type Language } from "../../i18n";
import { Field } from "../../ui/field";
import { Notice } from "../../ui/states";

type Changes = Schemas["PatchedProfileChangeRequest"];

function useSaving() {
  const client = useQueryClient();
  return useMutation<Profile, Refusal, Changes>({
    mutationFn: (changes) => body(api.PATCH("/api/v1/me/", { body: changes })),
    onSuccess: (profile, changes) => {
      client.setQueryData(["me"], profile);
      if (changes.locale) void speak(changes.locale);
    },
  });
}

/** What was typed and not saved yet stands before what is saved. */
export function About({ profile }: { profile: Profile }) {
  const { t } = useTranslation();
  const saving = useSaving();
  const [typed, setTyped] = useState<Changes>({});
  const { name, locale, marketing_consent } = { ...profile, ...typed };
  const problem = saving.error?.besides("name", "locale");

  function change(changes: Changes) {
    setTyped({ ...typed, ...changes });
    if (!saving.isPending) saving.reset();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate(typed, { onSuccess: () => setTyped({}) });
  }

  return (
    <form className="card" onSubmit={submit} noValidate>
      <h2>{t("account.about")}</h2>
      {problem && <Notice kind="problem">{problem}</Notice>}
      <Field
        label={t("account.name")}
        wrong={saving.error?.about("name")}
        name="name"
        autoComplete="name"
        value={name}
        readOnly={saving.isPending}
        onChange={(event) => change({ name: event.target.value })}
      />
      <LanguageChoice chosen={locale} choose={(chosen) => change({ locale: chosen })} />
      <label className="tick">
        <input
          type="checkbox"
          checked={marketing_consent}
          disabled={saving.isPending}
          onChange={(event) => change({ marketing_consent: event.target.checked })}
        />
        <span>{t("account.consent")}</span>
      </label>
      <button type="submit" className="button wide" disabled={saving.isPending}>
        {saving.isPending ? t("account.saving") : t("account.save")}
      </button>
      <div role="status">{saving.isSuccess && <p className="saved">{t("account.saved")}</p>}</div>
    </form>
  );
}

function LanguageChoice({ chosen, choose }: { chosen: Language; choose: (language: Language) => void }) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="labelled">
      <label htmlFor={id}>{t("account.language")}</label>
      <select id={id} value={chosen} onChange={(event) => choose(languageOf(event.target.value))}>
        {Object.entries(LANGUAGES).map(([language, { name }]) => (
          <option key={language} value={language} lang={language}>
            {name}
          </option>
        ))}
      </select>
      <div className="soft">{t("account.language_hint")}</div>
    </div>
  );
}
