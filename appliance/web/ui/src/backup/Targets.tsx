/** Where an export can go: this computer, or a stick or folder of the box; sticks are ejected here. */
import { Button } from "@mantine/core";
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
import styles from "./backup.module.css";

/** Why an export cannot go there; empty where it can. */
export function obstacle(place: Place, plan: Plan): string {
  if (!place.writable) return t("backup.readOnly");
  if (place.free < plan.bytes) return t("backup.noRoom", { needed: size(plan.bytes) });
  const limit = place.file_limit;
  const large = limit === null ? undefined : plan.files.find((file) => file.bytes > limit);
  if (large) return t("backup.tooLarge", { size: size(large.bytes) });
  return "";
}

function PlaceCard({ place, plan, wish, started, users }: { place: Place; plan: Plan | null; wish: Wish; started: (job: Job) => void; users: Job[] }) {
  const [busy, setBusy] = useState<"" | "save" | "eject">("");
  const why = plan ? obstacle(place, plan) : "";
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
          <Button disabled={why !== ""} loading={busy === "save"} onClick={() => void work("save", () => startJob({ kind: "export_to_place", place: place.id, ...wish }))}>
            {t("backup.saveTo", { name: place.name })}
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
              <Button component="a" href={usable.archive.url} download={usable.archive.name} leftSection={<IconDownload size={16} aria-hidden />}>
                {t("backup.zip", { size: size(usable.archive.bytes) })}
              </Button>
            </div>
          </article>
        )}
        {(places ?? []).map((place) => (
          <PlaceCard key={place.id} place={place} plan={usable} wish={wish} started={begun} users={users(place)} />
        ))}
        {places?.length === 0 && <p className={`dim ${styles.noPlace}`}>{t("backup.noPlace")}</p>}
      </div>
    </Section>
  );
}
