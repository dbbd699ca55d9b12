/** Where an export can go: this computer, or a stick or folder of the box; sticks are ejected here. */
import { Button, Switch, TextInput } from "@mantine/core";
import { IconDeviceDesktop, IconDownload, IconPlayerEject, IconUsb } from "@tabler/icons-react";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { percent, size } from "../i18n/format";
import { ejectPlace, startJob, type Job, type Place } from "../jobs/api";
import { isOver, jobs, takeJob } from "../jobs/state";
import { useStore } from "../state/store";
import { Section } from "../ui/parts";
import { say } from "../ui/toast";
import type { Plan, Wish } from "./api";
import { MaskEditor, type Mask } from "./MaskEditor";
import styles from "./backup.module.css";

/** Longest watermark (A6.7). */
const MAX_TEXT = 85;

/** What is written into the pictures of films that are coded anew. */
interface Burn {
  on: boolean;
  clock: boolean;
  text: string;
  masks: Mask[];
}

/** Why an export cannot go there; empty where it can. How large films coded anew become is not known. */
export function obstacle(place: Place, plan: Plan, anew = false): string {
  if (!place.writable) return t("backup.readOnly");
  if (anew) return "";
  if (place.free < plan.bytes) return t("backup.noRoom", { needed: size(plan.bytes) });
  const limit = place.file_limit;
  const large = limit === null ? undefined : plan.files.find((file) => file.bytes > limit);
  if (large) return t("backup.tooLarge", { size: size(large.bytes) });
  return "";
}

function BurnFields({ burn, set, plan }: { burn: Burn; set: (burn: Burn) => void; plan: Plan }) {
  const first = new Map<number, number>();
  for (const file of plan.files) if (!first.has(file.channel)) first.set(file.channel, file.from);
  return (
    <div className={styles.burn}>
      <Switch label={t("backup.burn")} description={t("backup.burnHelp")} checked={burn.on} onChange={(event) => set({ ...burn, on: event.currentTarget.checked })} />
      {burn.on && (
        <>
          <Switch label={t("backup.burnClock")} checked={burn.clock} onChange={(event) => set({ ...burn, clock: event.currentTarget.checked })} />
          <TextInput label={t("backup.burnText")} value={burn.text} maxLength={MAX_TEXT} onChange={(event) => set({ ...burn, text: event.currentTarget.value })} autoComplete="off" />
          <h3>{t("backup.masks")}</h3>
          <p className="dim small">{t("backup.masksHelp")}</p>
          <div className={styles.masks}>
            {[...first].map(([channel, at]) => (
              <MaskEditor key={`${channel}/${at}`} channel={channel} at={at} masks={burn.masks} set={(masks) => set({ ...burn, masks })} />
            ))}
          </div>
        </>
      )}
    </div>
  );
}

interface CardProps {
  place: Place;
  plan: Plan | null;
  wish: Wish;
  burn: Burn;
  started: (job: Job) => void;
  users: Job[];
}

function PlaceCard({ place, plan, wish, burn, started, users }: CardProps) {
  const [busy, setBusy] = useState<"" | "save" | "eject">("");
  const why = plan ? obstacle(place, plan, burn.on) : "";
  const order = burn.on ? { ...wish, kind: "reencode", clock: burn.clock, text: burn.text.trim(), masks: burn.masks.filter((mask) => wish.streams.some((entry) => entry.channel === mask.channel)) } : { ...wish, kind: "export_to_place" };
  const work = async (what: "save" | "eject", begin: () => Promise<Job>): Promise<void> => {
    setBusy(what);
    try {
      started(await begin());
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy("");
    }
  };
  const used = place.total > 0 ? 1 - place.free / place.total : 0;
  return (
    <article className={styles.target}>
      <header>
        <IconUsb size={22} stroke={1.6} aria-hidden />
        <h3 dir="auto">{place.name}</h3>
      </header>
      <div className={styles.room} role="img" aria-label={percent(used)}>
        <i style={{ width: `${Math.min(100, used * 100)}%` }} />
      </div>
      <span className="dim small num">{t("backup.free", { free: size(place.free), total: size(place.total), kind: place.file_system })}</span>
      {why && <span className={styles.why}>{why}</span>}
      {users.length > 0 && <span className="dim small">{t("backup.inUse")}</span>}
      <div className={styles.targetActs}>
        {plan && (
          <Button disabled={why !== ""} loading={busy === "save"} onClick={() => void work("save", () => startJob({ ...order, place: place.id }))}>
            {t(burn.on ? "backup.codeTo" : "backup.saveTo", { name: place.name })}
          </Button>
        )}
        <Button variant="default" disabled={users.length > 0} loading={busy === "eject"} leftSection={<IconPlayerEject size={16} aria-hidden />} onClick={() => void work("eject", () => ejectPlace(place.id))} aria-label={t("backup.ejectOf", { name: place.name })}>
          {t("backup.eject")}
        </Button>
      </div>
    </article>
  );
}

export function Targets({ plan, over, wish, started }: { plan: Plan | null; over: boolean; wish: Wish; started: (job: Job) => void }) {
  const { places, jobs: list } = useStore(jobs);
  const [burn, setBurn] = useState<Burn>({ on: false, clock: true, text: "", masks: [] });
  const usable = plan && !over ? plan : null;
  const users = (place: Place): Job[] => (list ?? []).filter((job) => job.place === place.id && !isOver(job));
  const begun = (job: Job): void => {
    takeJob(job);
    started(job);
  };
  return (
    <Section title={t(usable ? "backup.where" : "backup.places")}>
      {plan && over && <p className="dim">{t("backup.expired")}</p>}
      <div className={styles.targets}>
        {usable && (
          <article className={styles.target}>
            <header>
              <IconDeviceDesktop size={22} stroke={1.6} aria-hidden />
              <h3>{t("backup.thisComputer")}</h3>
            </header>
            <span className="dim small">{t("backup.zipHelp")}</span>
            <div className={styles.targetActs}>
              <Button component="a" className="buttonLink" href={usable.archive.url} download={usable.archive.name} leftSection={<IconDownload size={16} aria-hidden />}>
                {t("backup.zip", { size: size(usable.archive.bytes) })}
              </Button>
            </div>
          </article>
        )}
        {(places ?? []).map((place) => (
          <PlaceCard key={place.id} place={place} plan={usable} wish={wish} burn={burn} started={begun} users={users(place)} />
        ))}
        {places?.length === 0 && <p className={`dim ${styles.noPlace}`}>{t("backup.noPlace")}</p>}
      </div>
      {usable && places !== null && places.length > 0 && <BurnFields burn={burn} set={setBurn} plan={usable} />}
    </Section>
  );
}
