/** Backup: choose footage, see what it will be, download it or save it to a stick (D2-WB-08). */
import { useEffect, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { JobList } from "../jobs/JobList";
import { isOver, jobs, loadJobs } from "../jobs/state";
import { usePlace } from "../router/router";
import { box } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { setFilters } from "../tags/filters";
import { SearchViews } from "../tags/SearchViews";
import { FaultNote, Page, Section, Waiting } from "../ui/parts";
import { useNow } from "../ui/useNow";
import { planExport, type Plan, type Wish } from "./api";
import { BackupForm } from "./BackupForm";
import { PlanView } from "./PlanView";
import { Targets } from "./Targets";
import { choiceOf, streamsOf, wrongOf } from "./wish";

const KINDS = new Set(["export_to_place", "verify_export", "eject", "reencode"]);

function Jobs() {
  const { jobs: list, fault } = useStore(jobs);
  const mine = (list ?? []).filter((job) => KINDS.has(job.kind));
  const ordered = [...mine.filter((job) => !isOver(job)), ...mine.filter(isOver)];
  if (fault) return <FaultNote text={fault} retry={() => void loadJobs()} />;
  if (ordered.length === 0) return null;
  return (
    <Section title={t("backup.jobs")}>
      <JobList jobs={ordered} />
    </Section>
  );
}

export function BackupPage() {
  const { query } = usePlace();
  const channels = useSelect(box, (state) => state.channels);
  const me = useStore(session);
  const now = useNow(5000);
  const [reason, setReason] = useState("");
  const [combine, setCombine] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [made, setMade] = useState<{ key: string; plan: Plan } | null>(null);
  const result = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => void loadJobs(), []);

  const choice = choiceOf(query, (channels ?? []).map((channel) => channel.id));
  const wish: Wish = { streams: streamsOf(choice), from: choice.from ?? 0, to: choice.to ?? 0, reason: reason.trim(), combine };
  const key = JSON.stringify(wish);
  const wrong = wrongOf(choice);
  const plan = made?.key === key ? made.plan : null;
  const prepare = async (): Promise<void> => {
    setTried(true);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    setFault(null);
    try {
      setMade({ key, plan: await planExport(wish) });
      requestAnimationFrame(() => result.current?.scrollIntoView({ block: "nearest" }));
    } catch (error) {
      setFault(words(error));
    } finally {
      setBusy(false);
    }
  };
  // What was wrong with another choice is wrong no more.
  useEffect(() => setFault(null), [key]);

  if (!may(me, "download")) {
    return (
      <Page title={t("backup.title")} actions={<SearchViews />}>
        <FaultNote text={t("backup.notAllowed")} />
      </Page>
    );
  }
  if (!channels) return <Waiting />;
  return (
    <Page title={t("backup.title")} actions={<SearchViews />}>
      <BackupForm choice={choice} wrong={tried ? wrong : {}} reason={reason} setReason={setReason} combine={combine} setCombine={setCombine} set={setFilters} prepare={() => void prepare()} busy={busy} />
      {fault && <FaultNote text={fault} />}
      <div ref={result}>{plan && <PlanView plan={plan} over={plan.expires < now} />}</div>
      <Targets plan={plan} over={plan !== null && plan.expires < now} wish={wish} started={() => list.current?.scrollIntoView({ block: "nearest" })} />
      <div ref={list}>
        <Jobs />
      </div>
    </Page>
  );
}
