/** Buttons of a page that do something at once: asked first where needed, followed until it is done. */
import { Button, Progress } from "@mantine/core";
import { useState } from "react";
import { post, words } from "../api/http";
import { t } from "../i18n";
import { span } from "../i18n/format";
import type { Job } from "../jobs/api";
import { isOver, jobs, loadJobs } from "../jobs/state";
import { useSelect } from "../state/store";
import { confirm } from "../ui/confirm";
import { FaultNote } from "../ui/parts";
import { say } from "../ui/toast";
import type { ActionForm } from "./api";
import styles from "./settings.module.css";

function Followed({ id }: { id: string }) {
  const job = useSelect(jobs, (state) => state.jobs?.find((candidate) => candidate.id === id));
  if (!job) return null;
  if (job.state === "failed") return <FaultNote text={job.text} />;
  if (isOver(job)) return <p className="dim small" role="status">{job.text || t("actions.done")}</p>;
  const { progress } = job;
  const share = progress && progress.total > 0 ? (progress.done / progress.total) * 100 : null;
  return (
    <div role="status" className={styles.progress}>
      <Progress value={share ?? 100} animated={share === null} aria-label={job.title} />
      <span className="dim small">{progress?.remaining_s != null ? t("actions.remaining", { span: span(progress.remaining_s) }) : t("actions.working")}</span>
    </div>
  );
}

function Act({ action }: { action: ActionForm }) {
  const [busy, setBusy] = useState(false);
  const [job, setJob] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const start = async (): Promise<void> => {
    if (action.confirm && !(await confirm({ title: action.title, text: action.confirm, yes: action.title, danger: true }))) return;
    setBusy(true);
    setFault(null);
    try {
      const answer = await post<Partial<Job> | null>(action.path, action.body);
      if (action.job && answer?.id) {
        setJob(answer.id);
        await loadJobs();
      } else say(action.done || t("actions.done"));
    } catch (error) {
      setFault(words(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={styles.action} id={`action-${action.slug}`}>
      <div>
        <strong>{action.title}</strong>
        {action.help && <div className="dim small">{action.help}</div>}
        {job && <Followed id={job} />}
        {fault && <FaultNote text={fault} />}
      </div>
      <Button variant="default" loading={busy} onClick={() => void start()}>
        {action.title}
      </Button>
    </div>
  );
}

export function Actions({ actions, capabilities }: { actions: readonly ActionForm[]; capabilities: readonly string[] }) {
  const shown = actions.filter((action) => action.capability === "" || capabilities.includes(action.capability));
  if (shown.length === 0) return null;
  return (
    <section className={styles.actions} aria-label={t("actions.title")}>
      {shown.map((action) => <Act key={action.slug} action={action} />)}
    </section>
  );
}
