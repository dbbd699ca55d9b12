/** When an account may sign in: at any time, or at the hours drawn on a week. */
import { Switch } from "@mantine/core";
import { t } from "../i18n";
import type { FieldForm } from "../settings/api";
import type { Week } from "../settings/schedule";
import { ScheduleField } from "../settings/ScheduleField";
import type { User } from "./api";
import styles from "./accounts.module.css";

const KIND = "sign_in";
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const OFFICE = Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, [{ start: "08:00", end: "18:00" }]]));

interface Props {
  value: User["period"];
  set: (period: User["period"]) => void;
  disabled: boolean;
  fault: string | undefined;
}

export function Period({ value, set, disabled, fault }: Props) {
  const week: Week = Object.fromEntries(DAYS.map((day) => [day, (value?.[day] ?? []).map((period) => ({ ...period, kinds: [KIND] }))]));
  const change = (next: unknown): void => set(Object.fromEntries(Object.entries(next as Week).map(([day, periods]) => [day, periods.map(({ start, end }) => ({ start, end }))])));
  const field = { name: "period", title: t("accounts.period"), help: "", options: { days: DAYS, kinds: [{ value: KIND, title: t("accounts.signIn"), colour: "green" }], periods_per_day: 8 } } as unknown as FieldForm;
  return (
    <div className={styles.form}>
      <Switch label={t("accounts.always")} description={t("accounts.periodHelp")} checked={value === null} disabled={disabled} onChange={(event) => set(event.currentTarget.checked ? null : OFFICE)} />
      {value !== null && !disabled && <ScheduleField field={field} value={week} set={change} errors={{}} changed={false} lit={false} block={() => {}} description={undefined} />}
      {fault && <p className={styles.wrong} role="alert">{fault}</p>}
    </div>
  );
}
