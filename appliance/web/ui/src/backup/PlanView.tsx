/** A prepared export: its files, gaps and warnings, and the ways to have it. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { t } from "../i18n";
import { clock, size } from "../i18n/format";
import { channelOf } from "../state/box";
import { dateTime, time } from "../time/format";
import { Section } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import type { Plan } from "./api";
import styles from "./backup.module.css";

const GAPS_SHOWN = 50;

function camera(id: number): string {
  return t("channel.label", { id: String(id), name: channelOf(id)?.name ?? "" });
}

function Gaps({ plan }: { plan: Plan }) {
  if (plan.gaps.length === 0) return null;
  return (
    <details className={styles.gaps}>
      <summary>{t("backup.gaps", { n: plan.gaps.length })}</summary>
      <ul>
        {plan.gaps.slice(0, GAPS_SHOWN).map((gap) => (
          <li key={`${gap.channel}/${gap.stream}/${gap.from}`} className="num">
            {t("backup.gap", { camera: camera(gap.channel), from: dateTime(gap.from), to: time(gap.to), length: clock((gap.to - gap.from) / 1000) })}
          </li>
        ))}
        {plan.gaps.length > GAPS_SHOWN && <li>{t("backup.moreGaps", { n: plan.gaps.length - GAPS_SHOWN })}</li>}
      </ul>
    </details>
  );
}

const columnsOf = (over: boolean): Column<Plan["files"][number]>[] => [
  {
    title: t("backup.camera"), name: true, cell: (file) => (
      <>
        {camera(file.channel)}
        {file.stream !== "main" && <div className="dim small">{t(`backup.stream.${file.stream}`)}</div>}
      </>
    ),
  },
  {
    title: t("backup.time"), plain: true, cell: (file) => (
      <>
        {t("backup.fromTo", { from: dateTime(file.from), to: time(file.to) })}
        <div className="dim small num">{clock((file.to - file.from) / 1000)}</div>
      </>
    ),
  },
  { title: t("backup.coding"), className: "dim", cell: (file) => file.coding },
  { title: t("backup.size"), className: "num", cell: (file) => size(file.bytes) },
  {
    title: "", end: true, cell: (file) => !over && (
      <Button component="a" className="buttonLink" href={file.url} download={file.name} variant="default" leftSection={<IconDownload size={16} aria-hidden />} aria-label={t("backup.downloadOf", { name: file.name })}>
        {t("backup.download")}
      </Button>
    ),
  },
];

export function PlanView({ plan, over }: { plan: Plan; over: boolean }) {
  return (
    <Section title={t("backup.plan", { n: plan.files.length, size: size(plan.bytes) })}>
      {plan.warnings.length > 0 && (
        <ul className={styles.notes} aria-label={t("backup.notes")}>
          {plan.warnings.map((warning) => (
            <li key={warning.text}>{warning.text}</li>
          ))}
        </ul>
      )}
      <Table rows={plan.files} idOf={(file) => file.name} columns={columnsOf(over)} />
      <Gaps plan={plan} />
      {plan.fingerprint && <p className="dim small">{t("backup.fingerprint", { fingerprint: plan.fingerprint })}</p>}
    </Section>
  );
}
