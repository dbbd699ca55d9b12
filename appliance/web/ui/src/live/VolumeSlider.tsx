/** How loud the camera that is listened to plays. */
import { t } from "../i18n";
import { percent } from "../i18n/format";
import { setVolume, volume } from "../media/volume";
import { useStore } from "../state/store";
import styles from "./tile.module.css";

export function VolumeSlider() {
  const level = useStore(volume);
  return (
    <input
      type="range" className={styles.volume} min={0} max={100} step={5} value={Math.round(level * 100)} aria-label={t("tile.volume")} aria-valuetext={percent(level)} title={`${t("tile.volume")}: ${percent(level)}`}
      onChange={(event) => setVolume(Number(event.currentTarget.value) / 100)} onPointerDown={(event) => event.stopPropagation()}
    />
  );
}
