import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { queryClient } from "./api/queries";
import { renew, resuming } from "./api/session";
import { startLanguage } from "./i18n";
import "./styles/base.css";

await startLanguage();
if (resuming()) void renew();

const place = document.getElementById("app");
if (!place) throw new Error("The page has no place for the storefront.");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
