/** What the box is (D2-MT-10): versions, board, serial number, disks, and the parts it is made of; the archive for a diagnosis. */
import { Button } from "@mantine/core";
import { IconArchive } from "@tabler/icons-react";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { size } from "../i18n/format";
import { startJob } from "../jobs/api";
import { takeJob } from "../jobs/state";
import { Link } from "../router/Link";
import { navigate } from "../router/router";
import { boxNow } from "../state/box";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { since } from "../time/format";
import { FaultNote, Page, Section, Waiting } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { information, type Information, type Store } from "./api";
import styles from "./maintain.module.css";

const storeColumns = (): Column<Store>[] => [
  { title: t("information.at"), name: true, cell: (store) => <span dir="auto">{store.at}</span> },
  { title: t("information.fileSystem"), cell: (store) => store.file_system },
  { title: t("information.free"), end: true, nowrap: true, cell: (store) => t("information.freeOf", { free: size(store.free), total: size(store.total) }) },
];

const partColumns = (): Column<Information["parts"][number]>[] => [
  { title: t("information.part"), name: true, cell: (part) => part.name },
  { title: t("status.version"), nowrap: true, cell: (part) => part.version },
  { title: t("information.licence"), cell: (part) => part.licence },
];

function Diagnosis() {
  const [busy, setBusy] = useState(false);
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      takeJob(await startJob({ kind: "diagnosis" }));
      void navigate("/jobs");
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section title={t("diagnosis.title")}>
      <p className="dim">{t("diagnosis.text")}</p>
      <Button variant="default" loading={busy} leftSection={<IconArchive size={16} aria-hidden />} onClick={() => void start()}>{t("diagnosis.do")}</Button>
    </Section>
  );
}

export function InformationPage() {
  const who = useStore(session);
  const { data, fault, reload } = useResource((signal) => information(signal), []);
  const facts = data && [
    ["status.version", data.version], ["information.board", data.board || t("information.boardUnknown")],
    ["information.ports", data.ports ? String(data.ports) : t("information.noPorts")], ["information.serial", data.serial || t("information.serialNone")],
    ["information.system", data.system], ["information.machine", t("information.machineOf", { machine: data.machine, cores: data.cores })],
    ["information.memory", size(data.memory)], ["information.booted", since(data.booted, boxNow())], ["information.python", data.python],
  ] as const;
  return (
    <Page title={t("information.title")} wide actions={<Link href="/maintain">{t("status.title")}</Link>}>
      {fault && <FaultNote text={fault} retry={reload} />}
      {!data && !fault && <Waiting />}
      {facts && (
        <Section>
          <dl className={styles.facts}>
            {facts.map(([name, value]) => (
              <div key={name}>
                <dt>{t(name)}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      {may(who, "maintain") && may(who, "logs") && may(who, "system") && <Diagnosis />}
      {data && (
        <>
          <Section title={t("information.stores")}>
            <Table rows={data.stores} idOf={(store) => store.at} columns={storeColumns()} />
          </Section>
          <Section title={t("information.parts")}>
            <p className="dim">{t("information.partsText")}</p>
            <Table rows={data.parts} idOf={(part) => part.name} columns={partColumns()} />
          </Section>
        </>
      )}
    </Page>
  );
}
