/** The list of keyboard shortcuts, opened by "?". */
import { Modal } from "@mantine/core";
import { t, type Key } from "../i18n";
import { Store, useStore } from "../state/store";
import styles from "./frame.module.css";

const opened = new Store(false);
export const showKeys = (): void => opened.set(true);

const ROWS: readonly [string[], Key][] = [
  [["Space"], "keys.space"],
  [["J", "K", "L"], "keys.jkl"],
  [["←", "→"], "keys.arrows"],
  [[",", "."], "keys.frames"],
  [["R"], "keys.backward"],
  [["[", "]"], "keys.speed"],
  [["P", "N"], "keys.stops"],
  [["Home"], "keys.home"],
  [["1", "…", "9"], "keys.digits"],
  [["Enter"], "keys.enter"],
  [["Shift F10"], "keys.menu"],
  [["+", "-"], "keys.zoom"],
  [["F"], "keys.f"],
  [["S"], "keys.s"],
  [["Shift S"], "keys.pictures"],
  [["B"], "keys.instant"],
  [["M"], "keys.m"],
  [["C"], "keys.c"],
  [["T"], "keys.t"],
  [["/"], "keys.slash"],
  [["?"], "keys.help"],
  [["Esc"], "keys.esc"],
];

export function KeyList() {
  const open = useStore(opened);
  return (
    <Modal opened={open} onClose={() => opened.set(false)} title={t("keys.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <table className={styles.keys}>
        <tbody>
          {ROWS.map(([keys, text]) => (
            <tr key={text}>
              <td>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </td>
              <td>{t(text)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
