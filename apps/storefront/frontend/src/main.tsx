import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import i18next from "i18next";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { queryClient } from "./api/queries";
import { resume, resuming } from "./api/session";
import { startLanguage } from "./i18n";
import "./styles/base.css";

await startLanguage();
// Names of salons and services, and words of refusals, come in the language they were asked for in.
i18next.on("languageChanged", () => void queryClient.invalidateQueries());
if (resuming()) void resume();

const place = document.getElementById("app");
if (!place) throw new Error("The page has no place for the storefront.");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
