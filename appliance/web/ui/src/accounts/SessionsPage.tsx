/** Who is signed in (D2-MT-20, A10.10, N13.13), looked at every 5 s; each can be signed out. */
import { Button } from "@mantine/core";
import { words } from "../api/http";
import { t } from "../i18n";
import { since } from "../time/format";
import { FaultNote, Mark, Waiting } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { useResource } from "../ui/useResource";
import { endSession, listSessions, type SignedIn } from "./api";
import styles from "./accounts.module.css";

const REFRESH_MS = 5000;

export function SessionsPage() {
  return <SessionList only={() => true} />;
}

export function SessionList({ only }: { only: (session: SignedIn) => boolean }) {
  const { data, fault, reload } = useResource(listSessions, [], REFRESH_MS);
  const now = useNow(5000);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const end = async (session: SignedIn): Promise<void> => {
    try {
      await endSession(session.id);
      say(t("sessions.ended", { user: session.user, address: session.address }));
      reload();
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  return (
    <>
      {fault && <FaultNote text={fault} retry={reload} />}
      <Table rows={data.filter(only)} idOf={(session) => session.id} columns={columns(now, (session) => void end(session))} middle />
    </>
  );
}

const columns = (now: number, end: (session: SignedIn) => void): Column<SignedIn>[] => [
  { title: t("sessions.user"), name: true, cell: (session) => session.user },
  { title: t("sessions.from"), cell: (session) => session.address },
  { title: t("sessions.since"), cell: (session) => since(session.created_utc_s * 1000, now) },
  { title: t("sessions.used"), cell: (session) => (session.here ? <Mark level="good">{t("sessions.here")}</Mark> : session.open ? <Mark level="good">{t("sessions.open")}</Mark> : since(session.used_utc_s * 1000, now)) },
  { title: t("sessions.browser"), cell: (session) => <span className={styles.agent} title={session.agent}>{browserName(session.agent)}</span> },
  { title: "", end: true, cell: (session) => !session.here && <Button variant="default" aria-label={t("sessions.endOf", { user: session.user, address: session.address })} onClick={() => end(session)}>{t("sessions.end")}</Button> },
];

/** "Firefox 133" out of what a browser says it is; what is not known is written as it came. */
export function browserName(agent: string): string {
  for (const [mark, name] of [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Version", "Safari"]] as const) {
    const found = new RegExp(`${mark}/(\\d+)`).exec(agent);
    if (found) return `${name} ${found[1]}`;
  }
  return agent;
}
