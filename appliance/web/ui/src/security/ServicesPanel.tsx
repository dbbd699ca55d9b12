/** What listens where and why, each with its switch, beside what really listens (D2-SE-05, D2-SE-14). */
import { Button } from "@mantine/core";
import { words } from "../api/http";
import { t } from "../i18n";
import { span } from "../i18n/format";
import { Link } from "../router/Link";
import { time } from "../time/format";
import { confirm } from "../ui/confirm";
import { FaultNote, Mark, Section, Waiting, type Level } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { getServices, switchSsh, type Service, type Services, type Unknown } from "./api";
import styles from "./security.module.css";

const EVERY_MS = 5000;
const LEVELS: Record<Service["state"], Level> = { on: "good", off: "off", silent: "attention", open: "bad" };

export function ServicesPanel() {
  const { data, fault, reload } = useResource((signal) => getServices(signal), [], EVERY_MS);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const others = data.unknown.filter((found) => !found.local);
  const local = data.unknown.filter((found) => found.local);
  return (
    <div className={styles.panel}>
      {fault && <FaultNote text={fault} retry={reload} />}
      {data.simulated && <p className={styles.note}>{t("security.simulated")}</p>}
      <Table rows={data.services} idOf={(service) => service.slug} columns={columns()} />
      <Shell data={data} reload={reload} />
      {others.length > 0 && (
        <Section title={t("services.unknown")}>
          <p className="dim">{t(data.simulated ? "services.unknownHere" : "services.unknownText")}</p>
          <Table rows={others} idOf={idOf} columns={unknownColumns()} />
        </Section>
      )}
      {local.length > 0 && (
        <details className={styles.more}>
          <summary>{t("services.local", { n: local.length })}</summary>
          <Table rows={local} idOf={idOf} columns={unknownColumns()} />
        </details>
      )}
    </div>
  );
}

const idOf = (found: Unknown): string => `${found.protocol} ${found.address} ${found.port}`;

const columns = (): Column<Service>[] => [
  { title: t("services.service"), name: true, cell: (service) => (
    <div className={styles.service}>
      <strong>{service.title}</strong>
      <span className="dim small">{service.why}</span>
      {service.risky && <span className="dim small">{t("services.risky")}</span>}
    </div>
  ) },
  { title: t("services.port"), nowrap: true, cell: (service) => `${service.protocol.toUpperCase()} ${service.ports || t("services.noPort")}` },
  { title: t("services.reach"), cell: (service) => t(`services.reach.${service.reach}`) },
  { title: t("services.state"), cell: (service) => <Mark level={LEVELS[service.state]}>{t(`services.state.${service.state}`)}</Mark> },
  { title: t("services.switch"), cell: (service) => service.page
    ? <Link href={`/system/${service.page}?field=${service.field}`}>{t("services.toSwitch")}</Link>
    : <span className="dim small">{service.how}</span> },
];

const unknownColumns = (): Column<Unknown>[] => [
  { title: t("services.program"), name: true, cell: (found) => found.program || t("services.noName") },
  { title: t("services.port"), nowrap: true, cell: (found) => `${found.protocol.toUpperCase()} ${found.port}` },
  { title: t("services.address"), cell: (found) => found.address },
];

function Shell({ data, reload }: { data: Services; reload: () => void }) {
  const { ssh } = data;
  const act = async (on: boolean): Promise<void> => {
    if (on && !(await confirm({ title: t("ssh.title"), text: t("ssh.ask", { n: ssh.minutes }), yes: t("ssh.switchOn"), danger: true }))) return;
    try {
      await switchSsh(on);
    } catch (error) {
      say(words(error), { bad: true });
    }
    reload();
  };
  return (
    <section className={styles.act} aria-label={t("ssh.title")}>
      <div>
        <strong>{t("ssh.title")}</strong>
        <div className="dim small">
          {ssh.on && ssh.until !== null ? t("ssh.on", { time: time(ssh.until), left: span(ssh.left_s) }) : ssh.keys === 0 ? t("ssh.noKey") : t("ssh.off", { n: ssh.minutes })}
        </div>
      </div>
      {ssh.on
        ? <Button onClick={() => void act(false)}>{t("ssh.switchOff")}</Button>
        : <Button variant="default" disabled={ssh.keys === 0} onClick={() => void act(true)}>{t("ssh.switchOn")}</Button>}
    </section>
  );
}
