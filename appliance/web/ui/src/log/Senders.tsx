/** Devices whose log comes in, and whether our own gets out (D2-AP-63). */
import { Button } from "@mantine/core";
import { t } from "../i18n";
import { decimal } from "../i18n/format";
import { courier, type Sender } from "../maintain/api";
import { Link } from "../router/Link";
import { boxNow } from "../state/box";
import { since } from "../time/format";
import { FaultNote, Section } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { useResource } from "../ui/useResource";

const EVERY_MS = 5000;

/** How the file of a device is called, which is also how its lines are asked for. */
export const processOf = (address: string): string => `device-${address.replace(/%.*/, "").replaceAll(".", "-").replaceAll(":", "_").toLowerCase()}`;

const columns = (show: (process: string) => void): Column<Sender>[] => [
  { title: t("senders.device"), name: true, cell: (sender) => sender.name || sender.address },
  { title: t("senders.address"), cell: (sender) => sender.address },
  { title: t("senders.lines"), end: true, cell: (sender) => decimal(sender.lines) },
  { title: t("senders.dropped"), end: true, cell: (sender) => (sender.dropped ? decimal(sender.dropped) : "") },
  { title: t("senders.last"), nowrap: true, cell: (sender) => (sender.last ? since(sender.last, boxNow()) : "") },
  { title: "", end: true, cell: (sender) => <Button variant="default" size="sm" onClick={() => show(processOf(sender.address))}>{t("senders.show")}</Button> },
];

export function Senders({ show }: { show: (process: string) => void }) {
  const { data } = useResource((signal) => courier(signal), [], EVERY_MS);
  if (!data) return null;
  const { inbox } = data;
  const out = data.outlets.find((outlet) => outlet.outlet === "log");
  const failing = out?.ready && out.failing_since !== null ? out : null;
  if (!inbox.listening && !inbox.fault && !failing) return null;
  return (
    <>
      {failing && <FaultNote text={`${t("outlet.failing", { since: since(failing.failing_since!, boxNow()), why: failing.error })} ${t("outlet.waiting", { n: failing.waiting })}`} />}
      {inbox.fault && <FaultNote text={inbox.fault} />}
      {inbox.listening && (
        <Section title={t("senders.title")} actions={<Link href="/system/log_server">{t("senders.settings")}</Link>}>
          {inbox.senders.length === 0 ? <p className="dim">{t("senders.none")}</p> : <Table rows={inbox.senders} idOf={(sender) => sender.address} columns={columns(show)} />}
          {inbox.foreign > 0 && <p className="dim small">{t("senders.foreign", { n: inbox.foreign, address: inbox.last_foreign })}</p>}
        </Section>
      )}
    </>
  );
}
