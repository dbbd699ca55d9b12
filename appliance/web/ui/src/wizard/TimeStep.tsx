/** Language, region and time, and whether the clock is right (D1-IZ-01). */
import { Button } from "@mantine/core";
import { useState } from "react";
import { get, words } from "../api/http";
import type { Status } from "../api/types";
import { t } from "../i18n";
import { span } from "../i18n/format";
import { loadPage, type SectionForm } from "../settings/api";
import { OwnFields } from "../settings/PageEditor";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { dateTime, zoneName } from "../time/format";
import { FaultNote, Waiting } from "../ui/parts";
import { useResource } from "../ui/useResource";
import styles from "./wizard.module.css";

const FIELDS = new Set(["name", "language", "zone", "date_format", "clock", "week_start"]);
/** Below this the way of the answer explains it. */
const SAME_MS = 1500;

const only = (sections: readonly SectionForm[]): SectionForm[] =>
  sections.map((section) => ({ ...section, fields: section.fields.filter((field) => FIELDS.has(field.name)) })).filter((section) => section.fields.length > 0);

function ClockTest() {
  const [said, setSaid] = useState<string[] | null>(null);
  const [bad, setBad] = useState(false);
  const test = async (): Promise<void> => {
    const asked = Date.now();
    try {
      const { box: told } = await get<Status>("/status");
      const here = (asked + Date.now()) / 2;
      const ahead = told.time - here;
      const off = Math.abs(ahead) > SAME_MS;
      setBad(off);
      const verdict = off ? t(ahead > 0 ? "wizard.time.ahead" : "wizard.time.behind", { span: span(Math.abs(ahead) / 1000) }) : t("wizard.time.same");
      setSaid([t("wizard.time.now", { time: dateTime(told.time), zone: zoneName(told.time) }), verdict]);
    } catch (error) {
      setBad(true);
      setSaid([words(error)]);
    }
  };
  return (
    <div>
      <div className={styles.row}><Button variant="default" onClick={() => void test()}>{t("wizard.time.test")}</Button></div>
      <div aria-live="polite">{said && (bad ? <FaultNote text={said.join(" ")} /> : said.map((line) => <p key={line}>{line}</p>))}</div>
    </div>
  );
}

export function TimeStep() {
  const news = useSelect(box, (state) => state.settingsNews["general"] ?? 0);
  const { data, fault, reload } = useResource((signal) => loadPage("general", signal), [news]);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  return (
    <>
      <OwnFields page="general" data={{ ...data, ui: { ...data.ui, sections: only(data.ui.sections) } }} reload={reload} />
      <ClockTest />
    </>
  );
}
