/** New rules on trial: kept by who gets in, taken back by themselves (D2-SE-30). */
import { Button } from "@mantine/core";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { time } from "../time/format";
import { confirm } from "../ui/confirm";
import { FaultNote } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { getFirewall, keepFirewall, previewFirewall, takeBack } from "./api";
import styles from "./security.module.css";

const EVERY_MS = 1000;

export function FirewallPanel() {
  const news = useSelect(box, (state) => state.settingsNews["firewall"] ?? 0);
  const { data, fault, reload } = useResource((signal) => getFirewall(signal), [news], EVERY_MS);
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    setBusy(true);
    try {
      await work();
      say(done);
    } catch (error) {
      say(words(error), { bad: true });
    }
    setBusy(false);
    reload();
  };
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : null;
  return (
    <div className={styles.panel}>
      {data.simulated && <p className={styles.note}>{t("security.simulated")}</p>}
      {data.fault && <FaultNote text={t("firewall.fault", { reason: data.fault })} />}
      {fault && <FaultNote text={t("firewall.silent", { reason: fault })} retry={reload} />}
      {data.trial && (
        <section className={styles.trial} role="alert" aria-label={t("firewall.trial")}>
          <div>
            <strong>{t("firewall.trial")}</strong>
            <div>{t("firewall.trialText", { n: Math.ceil(data.trial.left_s), time: time(data.trial.until) })}</div>
          </div>
          <div className={styles.buttons}>
            <Button loading={busy} onClick={() => void act(keepFirewall, t("firewall.kept"))}>{t("firewall.keep")}</Button>
            <Button variant="default" disabled={busy} onClick={() => void act(takeBack, t("firewall.takenBack"))}>{t("firewall.takeBack")}</Button>
          </div>
        </section>
      )}
    </div>
  );
}

/** Whether to go on with new rules: asked where they would cut somebody off who is here now. */
export async function mayApply(values: Record<string, unknown>): Promise<boolean> {
  const { cut_off, you } = await previewFirewall(values);
  if (!you && cut_off.length === 0) return true;
  const who = cut_off.map(({ name, address }) => t("firewall.person", { name, address })).join(", ");
  return confirm({
    title: t(you ? "firewall.cutsYou" : "firewall.cutsOthers"),
    text: t(you ? "firewall.cutsYouText" : "firewall.cutsOthersText", { who }),
    yes: t("firewall.tryThem"), no: t("firewall.leave"), danger: true,
  });
}
