/** A page whose script could not be fetched, or that broke, says so instead of leaving nothing. */
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "./states";

interface Props {
  children: ReactNode;
}

export class Boundary extends Component<Props, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    return this.state.isBroken ? <Broken /> : this.props.children;
  }
}

/** What a browser once failed to import it does not ask for again, so the whole page is opened anew. */
function Broken() {
  const { t } = useTranslation();
  return (
    <Notice kind="problem">
      <p>{t(navigator.onLine ? "problem.unavailable" : "problem.offline")}</p>
      <button type="button" className="button quiet" onClick={() => location.reload()}>
        {t("again")}
      </button>
    </Notice>
  );
}
