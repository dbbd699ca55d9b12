/** PoE: the sockets as on the box, the power they share, and one port in detail (D1-PO-01). */
import { IconPlug, IconPlugConnected } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "../i18n";
import { decimal } from "../i18n/format";
import { Link } from "../router/Link";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { Empty, FaultNote, Mark, Page, Waiting } from "../ui/parts";
import { useResource } from "../ui/useResource";
import { getPoe, type Poe, type PoePort, type Socket } from "./api";
import styles from "./poe.module.css";
import { PortDetail } from "./PortDetail";
import { stateLevel, watts } from "./words";

const EVERY_MS = 1000;

function Budget({ poe }: { poe: Poe }) {
  const whole = Math.max(poe.most_w, poe.booked_w, poe.measured_w, 1);
  const share = (value: number): string => `${(100 * value) / whole}%`;
  return (
    <section className={styles.budget} aria-label={t("poe.budget")}>
      <div className={styles.figures}>
        <strong>{t("poe.measuredOf", { measured: watts(poe.measured_w), budget: watts(poe.budget_w) })}</strong>
        <span className="dim">{t("poe.bookedOf", { booked: watts(poe.booked_w), free: watts(Math.max(0, poe.budget_w - poe.booked_w)) })}</span>
        <span className="dim">{poe.temperature_c === null ? t("poe.noTemperature") : t("unit.celsius", { value: decimal(poe.temperature_c, 0) })}</span>
      </div>
      <svg className={styles.bar} role="img" aria-label={t("poe.bar", { measured: watts(poe.measured_w), booked: watts(poe.booked_w), budget: watts(poe.budget_w) })} width="100%" height="20">
        <rect className={styles.whole} width="100%" height="20" rx="4" />
        <rect className={styles.booked} width={share(poe.booked_w)} height="20" rx="4" />
        <rect className={styles.measured} y="5" width={share(poe.measured_w)} height="10" rx="3" />
        {poe.derated && <rect className={styles.lost} x={share(poe.budget_w)} width={share(whole - poe.budget_w)} height="20" rx="4" />}
      </svg>
      <div className={styles.legend}>
        <span className={styles.keyMeasured}>{t("poe.measured")}</span>
        <span className={styles.keyBooked}>{t("poe.bookedKey")}</span>
        {poe.derated && <span className={styles.keyLost}>{t("poe.lostKey")}</span>}
      </div>
    </section>
  );
}

function SocketButton({ socket, port, chosen, choose }: { socket: Socket; port: PoePort | undefined; chosen: boolean; choose: () => void }) {
  const state = port ? t(`poe.state.${port.state}`) : socket.link ? t("poe.linked") : t("poe.noLink");
  const Icon = socket.link ? IconPlugConnected : IconPlug;
  return (
    <button
      type="button" className={styles.socket} data-level={port ? stateLevel(port) : "off"} aria-pressed={chosen} disabled={!port} onClick={choose}
      ref={(element) => {
        element?.style.setProperty("--column", String(socket.column));
        element?.style.setProperty("--row", String(socket.row));
      }}
    >
      <span className={styles.head}>
        <strong>{socket.label}</strong>
        <Icon size={20} stroke={1.5} aria-hidden />
      </span>
      <span className={styles.watts}>{port ? (port.state === "on" ? watts(port.watts) : "–") : ""}</span>
      <span className={styles.small}>{port ? <Mark level={stateLevel(port)}>{state}</Mark> : state}</span>
      <span className={styles.small}>{port && port.priority !== "high" ? t(`poe.priority.${port.priority}`) : ""}</span>
    </button>
  );
}

export function PoePage() {
  const { data: poe, fault, reload } = useResource((signal) => getPoe(signal), [], EVERY_MS);
  const [wanted, setWanted] = useState<number | null>(null);
  const editable = may(useStore(session), "cameras");
  if (!poe) return <Page title={t("poe.title")}>{fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}</Page>;
  if (!poe.fitted) {
    return (
      <Page title={t("poe.title")}>
        <Empty icon={<IconPlug size={40} stroke={1.2} aria-hidden />} title={t("poe.none.title")} text={t("poe.none.text")} action={<Link href="/cameras">{t("poe.cameras")}</Link>} />
      </Page>
    );
  }
  const port = poe.ports.find((entry) => entry.number === wanted) ?? poe.ports.find((entry) => entry.state === "fault") ?? poe.ports[0];
  return (
    <Page title={t("poe.title")} wide actions={<Link href="/cameras">{t("poe.cameras")}</Link>}>
      {fault && <FaultNote text={fault} retry={reload} />}
      {poe.chips.filter((chip) => chip.failure).map((chip) => (
        <FaultNote key={chip.name} text={t("poe.chipFailed", { ports: chip.ports.join(", "), reason: chip.failure })} />
      ))}
      {poe.sockets.filter((socket) => socket.other_switch).map((socket) => (
        <FaultNote key={socket.number} text={t("poe.otherSwitch", { n: socket.number, count: socket.behind.length })} />
      ))}
      <Budget poe={poe} />
      <div className={styles.panel} role="group" aria-label={t("poe.box")}>
        {poe.sockets.map((socket) => {
          const own = poe.ports.find((entry) => entry.number === socket.poe);
          return <SocketButton key={socket.number} socket={socket} port={own} chosen={own !== undefined && own.number === port?.number} choose={() => own && setWanted(own.number)} />;
        })}
      </div>
      {port && <PortDetail key={port.number} port={port} socket={poe.sockets.find((socket) => socket.poe === port.number)} editable={editable} reload={reload} />}
    </Page>
  );
}
