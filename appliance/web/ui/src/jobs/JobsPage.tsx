/** All jobs this person may see: what goes on, and what ended within a day. */
import { Button } from "@mantine/core";
import { IconListCheck } from "@tabler/icons-react";
import { useEffect } from "react";
import { t } from "../i18n";
import { navigate } from "../router/router";
import { useStore } from "../state/store";
import { Empty, FaultNote, Page, Section, Waiting } from "../ui/parts";
import { JobList } from "./JobList";
import { isOver, jobs, loadJobs } from "./state";

export function JobsPage() {
  const { jobs: list, fault } = useStore(jobs);
  useEffect(() => void loadJobs(), []);
  const going = list?.filter((job) => !isOver(job)) ?? [];
  const over = list?.filter(isOver) ?? [];
  return (
    <Page title={t("jobs.title")}>
      {fault && <FaultNote text={fault} retry={() => void loadJobs()} />}
      {!list && !fault && <Waiting />}
      {list?.length === 0 && (
        <Empty icon={<IconListCheck size={40} stroke={1.2} aria-hidden />} title={t("jobs.none.title")} text={t("jobs.none.text")} action={<Button onClick={() => void navigate("/backup")}>{t("jobs.export")}</Button>} />
      )}
      {going.length > 0 && (
        <Section title={t("jobs.going")}>
          <JobList jobs={going} />
        </Section>
      )}
      {over.length > 0 && (
        <Section title={t("jobs.over")}>
          <JobList jobs={over} />
        </Section>
      )}
    </Page>
  );
}
