/** A new password, its rules in words, and the same again. */
import { IconCheck, IconPointFilled } from "@tabler/icons-react";
import { t } from "../i18n";
import { standing } from "../state/session";
import { useStore } from "../state/store";
import { Password } from "../ui/Password";
import styles from "./account.module.css";
import { rulesFor, strength } from "./rules";

const STRENGTHS = ["strength.0", "strength.1", "strength.2", "strength.3"] as const;

interface Props {
  label: string;
  password: string;
  repeat: string;
  setPassword: (text: string) => void;
  setRepeat: (text: string) => void;
  faults: { password?: string | undefined; repeat?: string | undefined };
}

export function NewPassword({ label, password, repeat, setPassword, setRepeat, faults }: Props) {
  const { leastKinds } = useStore(standing);
  const strong = strength(password, leastKinds);
  return (
    <>
      <Password label={label} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults.password} autoComplete="new-password" required withAsterisk={false} />
      <div className={styles.strength} data-strength={password ? strong : undefined} role="img" aria-label={`${t("strength.label")}: ${t(STRENGTHS[strong])}`}>
        <i /><i /><i />
        <span className="dim small">{password && t(STRENGTHS[strong])}</span>
      </div>
      <ul className={styles.rules}>
        {rulesFor(leastKinds).map((rule) => {
          const met = rule.met(password);
          return (
            <li key={rule.key} data-met={met || undefined} aria-label={t(met ? "rule.met" : "rule.notMet", { rule: t(rule.key) })}>
              {met ? <IconCheck size={14} aria-hidden /> : <IconPointFilled size={14} aria-hidden />}
              {t(rule.key)}
            </li>
          );
        })}
        <li>
          <IconPointFilled size={14} aria-hidden />
          {t("rule.common")}
        </li>
      </ul>
      <Password label={t("setup.repeat")} value={repeat} onChange={(event) => setRepeat(event.currentTarget.value)} error={faults.repeat} autoComplete="new-password" required withAsterisk={false} />
    </>
  );
}
