/** Jobs as cards: what, how far, how fast, how long still; cancelled, read, taken off the list. */
import { Button } from "@mantine/core";
import { IconDownload, IconShieldCheck, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { percent } from "../i18n/format";
import { session } from "../state/session";
import { useSelect } from "../state/store";
import { since } from "../time/format";
import { levelOf, Mark } from "../ui/parts";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { dropJob, fileOf, startJob, type Job } from "./api";
import styles from "./jobs.module.css";
import { isOver, jobs as known, leaveJob, takeJob } from "./state";
import { levelOfJob, progressWords, shareOf, stateOfJob } from "./words";

interface Found {
  file?: string;
  text?: string;
  severity?: string;
}

function Findings({ job }: { job: Job }) {
  const found = Array.isArray(job.result["found"]) ? (job.result["found"] as Found[]) : [];
  const problems = found.filter((item) => item.severity !== "note" && item.text);
  if (problems.length < 2) return null;
  const rest = job.problems > problems.length;
  return (
    <details className={styles.found}>
      <summary>{rest ? t("jobs.foundFirst", { n: problems.length, all: job.problems }) : t("jobs.found", { n: problems.length })}</summary>
      <ul>
        {problems.map((item, at) => (
          <li key={at}>
            {item.file && <bdi>{`${item.file}: `}</bdi>}
            {item.text}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What was saved can be verified again as long as its stick is there. */
function VerifyAgain({ job }: { job: Job }) {
  const here = useSelect(known, (state) => state.places?.some((place) => place.id === job.place) ?? false);
  const [busy, setBusy] = useState(false);
  const name = job.result["folder"];
  if (job.kind !== "export_to_place" || job.state !== "done" || typeof name !== "string" || !here) return null;
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      takeJob(await startJob({ kind: "verify_export", place: job.place, name }));
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="default" loading={busy} leftSection={<IconShieldCheck size={16} aria-hidden />} onClick={() => void start()} aria-label={t("jobs.verifyOf", { name })}>
      {t("jobs.verify")}
    </Button>
  );
}

export function JobCard({ job, now }: { job: Job; now: number }) {
  const me = useSelect(session, (state) => state.user);
  const [busy, setBusy] = useState(false);
  const over = isOver(job);
  const share = shareOf(job.progress);
  const facts = progressWords(job, now);
  const drop = async (): Promise<void> => {
    setBusy(true);
    try {
      await dropJob(job.id);
      if (over) leaveJob(job.id);
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <article className={styles.job} aria-label={job.title}>
      <header>
        <h3 dir="auto">{job.title}</h3>
        <Mark level={over ? levelOfJob(job) : levelOf("")}>{stateOfJob(job)}</Mark>
      </header>
      {job.state === "running" && (
        <div className={styles.bar} role="progressbar" aria-valuemin={0} aria-valuemax={100} aria-valuenow={share === null ? undefined : Math.floor(share * 100)} aria-label={job.title} data-unknown={share === null || undefined}>
          <i style={{ width: share === null ? "30%" : `${share * 100}%` }} />
        </div>
      )}
      {facts.length > 0 && (
        <div className={styles.facts}>
          {share !== null && <b className="num">{percent(Math.floor(share * 100) / 100)}</b>}
          {facts.map((fact) => (
            <span key={fact} className="num">{fact}</span>
          ))}
        </div>
      )}
      {job.text && <p className={styles.text} dir="auto">{job.text}</p>}
      <Findings job={job} />
      <footer>
        <span className="dim small">
          {job.by === me ? since(job.ended ?? job.started ?? job.created, now) : t("jobs.byWhen", { by: job.by, when: since(job.ended ?? job.started ?? job.created, now) })}
        </span>
        <div className={styles.acts}>
          {job.files.map((file) => (
            <Button key={file} component="a" className="buttonLink" href={fileOf(job, file)} download={file} variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
              {t("jobs.report")}
            </Button>
          ))}
          <VerifyAgain job={job} />
          <Button variant="default" loading={busy} leftSection={<IconX size={16} aria-hidden />} onClick={() => void drop()} aria-label={t(over ? "jobs.removeOf" : "jobs.cancelOf", { title: job.title })}>
            {t(over ? "jobs.remove" : "jobs.cancel")}
          </Button>
        </div>
      </footer>
    </article>
  );
}

export function JobList({ jobs }: { jobs: readonly Job[] }) {
  const now = useNow(1000);
  return (
    <div className={styles.list} aria-live="off">
      {jobs.map((job) => (
        <JobCard key={job.id} job={job} now={now} />
      ))}
    </div>
  );
}
