import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body, type Refusal } from "../../api/client";
import { offerFile } from "../../lib/download";
import { Notice } from "../../ui/states";
import { Erasure } from "./erasure";

export function OwnData() {
  const { t } = useTranslation();
  const copy = useMutation<Blob, Refusal>({
    mutationFn: () => body<Blob>(api.GET("/api/v1/me/export/", { parseAs: "blob" })),
    onSuccess: (file) => offerFile(file, "my-data.json"),
  });
  return (
    <section className="card" aria-labelledby="own-data">
      <h2 id="own-data">{t("account.data")}</h2>
      <p>{t("account.data_hint")}</p>
      {copy.error && <Notice kind="problem">{copy.error.message}</Notice>}
      <button type="button" className="button quiet wide" disabled={copy.isPending} onClick={() => copy.mutate()}>
        {copy.isPending ? t("account.preparing") : t("account.download")}
      </button>
      <div role="status">{copy.isSuccess && <p className="saved">{t("account.downloaded")}</p>}</div>
      <Erasure />
    </section>
  );
}
