/** Storage: the volumes with what they hold and for how long, and what is locked. */
import { Button } from "@mantine/core";
import { IconDatabase, IconPlus } from "@tabler/icons-react";
import { get, post, words } from "../api/http";
import type { Span, Volume } from "../api/types";
import { has, t } from "../i18n";
import { percent, size, span } from "../i18n/format";
import { CheckVolume } from "../jobs/CheckVolume";
import { navigate } from "../router/router";
import { box, boxNow, channelOf } from "../state/box";
import { useSelect } from "../state/store";
import { dateTime } from "../time/format";
import { confirm } from "../ui/confirm";
import { Empty, FaultNote, levelOf, Mark, Page, Section, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { lockedStretches } from "./locked";
import styles from "./storage.module.css";

const LOOK_BACK_MS = 400 * 86_400_000;

export function volumeState(state: string): string {
  const key = `volume.state.${state}`;
  return has(key) ? t(key) : state;
}

function keptText(kept: number, wanted: number): string {
  if (wanted <= 0) return kept < 1 ? t("storage.keptLittle") : t("storage.kept", { kept: span(kept * 86_400) });
  const wish = span(wanted * 86_400);
  return kept < 1 ? t("storage.keptLittleOf", { wanted: wish }) : t("storage.keptOf", { kept: span(kept * 86_400), wanted: wish });
}

/** A person's word that the clock is right, after it jumped: footage is deleted by age again. */
async function confirmClock(): Promise<void> {
  if (!(await confirm({ title: t("storage.clockTitle"), text: t("storage.clockText", { now: dateTime(boxNow()) }), yes: t("storage.clockRight") }))) return;
  try {
    await post("/clock/accept", {});
  } catch (error) {
    say(words(error), { bad: true });
  }
}

export function VolumeCard({ volume }: { volume: Volume }) {
  const [used, whole] = [volume.used ?? 0, volume.size ?? 0];
  const share = whole > 0 ? used / whole : 0;
  const fault = volume.fault?.text;
  const wanted = volume.wanted_days ?? 0;
  const kept = volume.retention_days;
  const short = wanted > 0 && kept !== null && kept !== undefined && kept < wanted && share > 0.9;
  return (
    <article className={styles.volume}>
      <header>
        <h2>{volume.name}</h2>
        <Mark level={fault ? "bad" : levelOf(volume.state)}>{volumeState(volume.state)}</Mark>
      </header>
      <div className={`dim small ${styles.path}`}>{volume.path}</div>
      <div className={styles.gauge} role="img" aria-label={percent(share)}>
        <i style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
      <div className={styles.facts}>
        <span>{t("storage.usage", { used: size(used), size: size(whole) })}</span>
        {kept !== null && kept !== undefined && <span>{keptText(kept, wanted)}</span>}
        <span className="dim">{volume.oldest ? t("storage.oldest", { date: dateTime(volume.oldest) }) : t("storage.empty")}</span>
        {volume.write_ms !== null && volume.write_ms !== undefined && <span className="dim">{t("storage.writeTime", { ms: t("unit.ms", { value: Math.round(volume.write_ms) }) })}</span>}
      </div>
      {fault && <FaultNote text={fault} />}
      {volume.expiry_paused && (
        <FaultNote text={volume.expiry_paused.text}>
          <Button variant="default" size="sm" onClick={() => void confirmClock()}>
            {t("storage.clockRight")}
          </Button>
        </FaultNote>
      )}
      {short && <FaultNote text={t("storage.short", { wanted: span(wanted * 86_400) })} />}
      <div className={styles.rowActions}>
        <CheckVolume path={volume.path} name={volume.name} />
      </div>
    </article>
  );
}

function Locks() {
  const channels = useSelect(box, (state) => state.channels);
  const ids = (channels ?? []).map((channel) => channel.id).join(",");
  const { data, fault, reload } = useResource(
    async (signal) => (ids ? (await get<{ spans: Span[] }>("/timeline", { channels: ids, from: Math.round(boxNow() - LOOK_BACK_MS), to: Math.round(boxNow()), locked: true }, signal)).spans : []),
    [ids],
  );
  const unlock = async (span: Span): Promise<void> => {
    if (!(await confirm({ title: t("storage.unlockTitle"), text: t("storage.unlockText"), yes: t("storage.unlock") }))) return;
    try {
      await post("/locks", { channel: span.channel, from: Math.round(span.from), to: Math.round(span.to), locked: false });
    } catch (error) {
      say(words(error), { bad: true });
    }
    reload();
  };
  const locked = lockedStretches(data ?? []);
  return (
    <Section title={t("storage.locks")}>
      {fault && <FaultNote text={fault} retry={reload} />}
      {data && locked.length === 0 && <p className="dim">{t("storage.locksNone")}</p>}
      {locked.length > 0 && (
        <div className={table.scroll}>
          <table className={`${table.table} ${table.cards}`}>
            <tbody>
              {locked.map((span) => (
                <tr key={`${span.channel}/${span.from}`}>
                  <td className={table.name}>{t("channel.label", { id: String(span.channel), name: channelOf(span.channel)?.name ?? "" })}</td>
                  <td>{t("storage.lockRow", { from: dateTime(span.from), to: dateTime(span.to) })}</td>
                  <td className={table.end}>
                    <div className={styles.rowActions}>
                      <Button variant="default" onClick={() => void navigate(`/live?channel=${span.channel}&at=${Math.round(span.from)}`)}>
                        {t("storage.play")}
                      </Button>
                      <Button variant="default" onClick={() => void unlock(span)}>
                        {t("storage.unlock")}
                      </Button>
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

export function StoragePage() {
  const volumes = useSelect(box, (state) => state.status?.volumes ?? null);
  const actions = (
    <>
      <Button variant="default" onClick={() => void navigate("/system/record")}>
        {t("storage.schedule")}
      </Button>
      <Button variant="default" onClick={() => void navigate("/system/storage")}>
        {t("storage.settings")}
      </Button>
    </>
  );
  return (
    <Page title={t("storage.title")} actions={actions}>
      {volumes === null ? (
        <Waiting />
      ) : volumes.length === 0 ? (
        <Empty
          icon={<IconDatabase size={40} stroke={1.2} aria-hidden />} title={t("storage.none.title")} text={t("storage.none.text")}
          action={<Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => void navigate("/system/storage?add=1")}>{t("storage.add")}</Button>}
        />
      ) : (
        <>
          <div className={styles.volumes}>
            {volumes.map((volume) => (
              <VolumeCard key={volume.path} volume={volume} />
            ))}
          </div>
          <Locks />
        </>
      )}
    </Page>
  );
}
