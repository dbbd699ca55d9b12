/** Where the time of a stream's pictures comes from, in words. */
import type { StreamFacts } from "../api/types";
import { t } from "../i18n";
import { decimal, span } from "../i18n/format";

/** Less cannot be told from the time a packet takes. */
const NOTICEABLE_MS = 50;

const offsetWords = (ms: number): string => (ms < 1000 ? t("unit.ms", { value: decimal(ms, 0) }) : ms < 60_000 ? t("unit.s", { value: decimal(ms / 1000) }) : span(ms / 1000));

/** Empty while it is not known. */
export function clockWords(facts: Pick<StreamFacts, "clock" | "clock_offset_ms">): string {
  const ms = facts.clock_offset_ms ?? null;
  const offset = ms === null ? "" : offsetWords(Math.abs(ms));
  switch (facts.clock) {
    case "camera":
      if (ms === null || Math.abs(ms) < NOTICEABLE_MS) return t("status.clock.camera");
      return t(ms > 0 ? "status.clock.cameraAhead" : "status.clock.cameraBehind", { offset });
    case "corrected":
      if (ms === null) return t("status.clock.corrected");
      return t(ms > 0 ? "status.clock.correctedAhead" : "status.clock.correctedBehind", { offset });
    case "arrival":
      return t("status.clock.arrival");
    case "arrival_only":
      return t("status.clock.arrivalOnly");
    default:
      return "";
  }
}
