/** The own account: password, second factor, pattern, tokens, where one is signed in, and a lost password. */
import { Button } from "@mantine/core";
import { askNewPassword } from "../account/ChangePassword";
import { t } from "../i18n";
import { session, standing } from "../state/session";
import { useStore } from "../state/store";
import { since } from "../time/format";
import { FaultNote, Section, Waiting } from "../ui/parts";
import { useNow } from "../ui/useNow";
import { useResource } from "../ui/useResource";
import { ownSecurity } from "./api";
import styles from "./accounts.module.css";
import { FactorPart } from "./FactorPart";
import { PatternPart } from "./PatternPart";
import { RecoveryPart } from "./RecoveryPart";
import { SessionList } from "./SessionsPage";
import { TokensPart } from "./TokensPart";

const ADMIN = "admin";

export function OwnPage() {
  const { user } = useStore(session);
  const { renew } = useStore(standing);
  const { data, fault, reload } = useResource(ownSecurity, [user]);
  const now = useNow(60_000);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  return (
    <>
      <Section title={t("own.password")}>
        <div className={styles.part}>
          {renew && <FaultNote text={t("own.renew")} />}
          <p className="dim">{t("own.passwordSet", { when: since(data.changed_utc_s * 1000, now) })}</p>
          <Button variant="default" onClick={askNewPassword}>{t("own.change")}</Button>
        </div>
      </Section>
      <FactorPart on={data.second_factor} needed={data.factor_needed} changed={reload} />
      <TokensPart />
      <Section title={t("own.sessions")}>
        <SessionList only={(entry) => entry.own} />
      </Section>
      <PatternPart on={data.pattern} changed={reload} />
      {user === ADMIN && <RecoveryPart />}
    </>
  );
}
