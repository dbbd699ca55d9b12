/** The channel picker: which channels a setting concerns. */
import { Button, Checkbox } from "@mantine/core";
import { t } from "../i18n";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import type { FieldProps } from "./Field";
import styles from "./settings.module.css";

export function ChannelsField({ field, value, set, error, description }: FieldProps & { error: string | undefined; description: string | undefined }) {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const chosen = Array.isArray(value) ? (value as number[]) : [];
  // A channel that is gone stays listed, so that it can be taken off.
  const gone = chosen.filter((id) => !channels.some((channel) => channel.id === id));
  const toggle = (id: number, on: boolean): void => set(on ? [...chosen, id].sort((a, b) => a - b) : chosen.filter((other) => other !== id));
  return (
    <fieldset className={styles.channels}>
      <legend className={styles.label}>{field.title}</legend>
      {description && <div className={styles.description}>{description}</div>}
      <div className={styles.pickAll}>
        <Button variant="default" size="sm" onClick={() => set(channels.map((channel) => channel.id))}>{t("channels.all")}</Button>
        <Button variant="default" size="sm" onClick={() => set([])}>{t("channels.none")}</Button>
      </div>
      <div className={styles.pick}>
        {channels.map((channel) => (
          <Checkbox key={channel.id} label={t("channel.label", { id: String(channel.id), name: channel.name })} checked={chosen.includes(channel.id)} onChange={(event) => toggle(channel.id, event.currentTarget.checked)} />
        ))}
        {gone.map((id) => (
          <Checkbox key={id} label={t("channels.gone", { id: String(id) })} checked onChange={() => toggle(id, false)} />
        ))}
      </div>
      {error && <div className={styles.error} role="alert">{error}</div>}
    </fieldset>
  );
}
