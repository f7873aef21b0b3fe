import { useTranslation } from "react-i18next";
import type { Refusal } from "../../api/client";
import { Field, TextField } from "../../ui/field";

/** What a customer may add. Kept by the page while another time is chosen. */
export interface Details {
  note: string;
  guest_name: string;
}

interface Props {
  details: Details;
  change: (details: Details) => void;
  refusal: Refusal | null;
}

export function DetailFields({ details, change, refusal }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <TextField
        label={t("confirm.note")}
        hint={t("confirm.note_hint")}
        wrong={refusal?.about("note")}
        name="note"
        rows={2}
        maxLength={1000}
        value={details.note}
        onChange={(event) => change({ ...details, note: event.target.value })}
      />
      <details className="guest" open={details.guest_name !== "" || undefined}>
        <summary>{t("confirm.for_guest")}</summary>
        <Field
          label={t("confirm.guest_name")}
          hint={t("confirm.guest_hint")}
          wrong={refusal?.about("guest_name")}
          name="guest_name"
          autoComplete="off"
          maxLength={160}
          value={details.guest_name}
          onChange={(event) => change({ ...details, guest_name: event.target.value })}
        />
      </details>
    </>
  );
}
