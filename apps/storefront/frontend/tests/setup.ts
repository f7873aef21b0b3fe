import { beforeEach } from "vitest";
import { speak, startLanguage } from "../src/i18n";
import { locked } from "./locked";

// Tests read English, whatever the one before changed to; one without a page reads nothing.
if ("document" in globalThis) {
  await startLanguage();
  beforeEach(() => speak("en"));
  // The document of these tests has none.
  beforeEach(locked);
}
