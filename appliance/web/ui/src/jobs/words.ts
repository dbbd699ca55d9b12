/** A job in words: how it stands, how far it is, how fast, how long still. */
import { has, t } from "../i18n";
import { size, span } from "../i18n/format";
import { since } from "../time/format";
import type { Level } from "../ui/parts";
import type { Job, JobProgress } from "./api";

/** A job that has not got on for so long is told to stand still. */
const STILL_MS = 30_000;

/** Whether an export was verified, and whoever signed it is not known here: then nothing is proved. */
const isUnproved = (job: Job): boolean => job.kind === "verify_export" && job.state === "done" && !["own", "given"].includes(String(job.result["signer"]));

export function levelOfJob(job: Job): Level {
  switch (job.state) {
    case "done":
      if (job.problems > 0) return job.kind === "verify_export" ? "bad" : "attention";
      return isUnproved(job) ? "attention" : "good";
    case "failed":
      return "bad";
    case "cancelled":
      return "off";
    default:
      return "good";
  }
}

export function stateOfJob(job: Job): string {
  if (job.state === "done" && job.problems > 0) return t("jobs.problems", { n: job.problems });
  if (isUnproved(job)) return t("jobs.unproved");
  const phase = `jobs.phase.${job.progress?.phase ?? ""}`;
  if (job.state === "running" && has(phase)) return t(phase);
  return t(`jobs.state.${job.state}`);
}

/** Between 0 and 1, null while the whole is not known. */
export const shareOf = (progress: JobProgress | null): number | null => (progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null);

function amount(progress: JobProgress): string {
  if (progress.unit === "bytes") {
    return progress.total > 0 ? t("jobs.of", { done: size(progress.done), total: size(progress.total) }) : size(progress.done);
  }
  const key = `jobs.unit.${progress.unit}`;
  return has(key) && progress.total > 0 ? t(key, { done: progress.done, n: progress.total }) : "";
}

function rate(progress: JobProgress): string {
  if (progress.rate === null) return "";
  if (progress.unit === "bytes") return t("jobs.rate", { size: size(progress.rate) });
  return "";
}

/** "412 MB of 1.2 GB", "38 MB/s", "21 s left": what is known of it. */
export function progressWords(job: Job, now: number): string[] {
  const progress = job.progress;
  if (job.state === "waiting") return [t("jobs.waits")];
  if (job.state !== "running" || !progress) return [];
  if (job.moved !== null && now - job.moved > STILL_MS) return [amount(progress), t("jobs.still", { since: since(job.moved, now) })].filter(Boolean);
  const left = progress.remaining_s === null ? "" : t("jobs.left", { span: span(Math.max(1, progress.remaining_s)) });
  return [amount(progress), rate(progress), left].filter(Boolean);
}
