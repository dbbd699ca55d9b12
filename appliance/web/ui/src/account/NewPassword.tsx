/** A new password, its rules in words, and the same again. */
import { IconCheck, IconPointFilled } from "@tabler/icons-react";
import { t } from "../i18n";
import { Password } from "../ui/Password";
import styles from "./account.module.css";
import { RULES } from "./rules";

interface Props {
  label: string;
  password: string;
  repeat: string;
  setPassword: (text: string) => void;
  setRepeat: (text: string) => void;
  faults: { password?: string | undefined; repeat?: string | undefined };
}

export function NewPassword({ label, password, repeat, setPassword, setRepeat, faults }: Props) {
  return (
    <>
      <Password label={label} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults.password} autoComplete="new-password" required withAsterisk={false} />
      <ul className={styles.rules}>
        {RULES.map((rule) => {
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
