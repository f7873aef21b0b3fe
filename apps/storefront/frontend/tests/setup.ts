import { beforeEach } from "vitest";
import { speak, startLanguage } from "../src/i18n";

// Tests read English, whatever the one before changed to; one without a page reads nothing.
if ("document" in globalThis) {
  await startLanguage();
  beforeEach(() => speak("en"));
}
