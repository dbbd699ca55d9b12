/** Who may do what on which camera: a table of ticks on a screen, a list of functions on a phone. */
import { Checkbox } from "@mantine/core";
import { useState } from "react";
import { t, type Key } from "../i18n";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import styles from "./accounts.module.css";
import { holds, OF_BOX, PER_CHANNEL, withRight, type Granted, type Rights } from "./rights";

interface Props {
  value: Granted;
  /** Nothing beyond this can be ticked; `limitText` says whose it is. */
  limit: Rights;
  limitText: string;
  set: (rights: Granted) => void;
  /** Faults by permission. */
  faults?: Record<string, string>;
  disabled?: boolean;
  /** Functions left out, such as managing accounts for a token. */
  without?: readonly string[];
}

interface Row {
  channel: number | "*";
  name: string;
}

export const nameOf = (permission: string): string => t(`right.${permission}` as Key);
const helpOf = (permission: string): string => t(`right.${permission}.help` as Key);

export function RightsMatrix({ value, limit, limitText, set, faults = {}, disabled = false, without = [] }: Props) {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const known = channels.map((channel) => channel.id);
  // A right on a channel that has gone stays in view, so that it can be taken away.
  const gone = [...new Set(Object.values(value).flatMap((list) => (list === "*" ? [] : list)))].filter((id) => !known.includes(id)).sort((a, b) => a - b);
  const rows: Row[] = [
    { channel: "*", name: t("rights.all") },
    ...channels.map((channel) => ({ channel: channel.id, name: t("rights.channel", { n: channel.id, name: channel.name }) })),
    ...gone.map((id) => ({ channel: id, name: t("rights.gone", { n: id }) })),
  ];
  const functions = PER_CHANNEL.filter((name) => !without.includes(name));
  const able = (permission: string, channel: number | "*"): boolean => !disabled && holds(limit, permission, channel === "*" ? undefined : channel);
  const change = (permission: string, channel: number | "*", on: boolean): void => set(withRight(value, permission, channel, on, known));
  const everything = (permission: string): void => {
    const given = value[permission] !== undefined;
    if (given) return set(withRight(value, permission, "*", false, known));
    if (holds(limit, permission)) return set(withRight(value, permission, "*", true, known));
    set(known.filter((id) => holds(limit, permission, id)).reduce((rights, id) => withRight(rights, permission, id, true, known), value));
  };
  const wholeRow = (row: Row): void => {
    const on = !functions.every((permission) => holds(value, permission, row.channel === "*" ? undefined : row.channel) || !able(permission, row.channel));
    set(functions.filter((permission) => able(permission, row.channel)).reduce((rights, permission) => withRight(rights, permission, row.channel, on, known), value));
  };
  const cell = (permission: string, row: Row) => {
    const ticked = holds(value, permission, row.channel === "*" ? undefined : row.channel);
    const may = able(permission, row.channel) || (ticked && !disabled);
    return (
      <Checkbox
        aria-label={t("rights.cell", { right: nameOf(permission), where: row.name })} title={may || disabled ? undefined : limitText}
        checked={ticked} disabled={!may} onChange={(event) => change(permission, row.channel, event.currentTarget.checked)}
      />
    );
  };
  return (
    <div className={styles.rights}>
      <h3>{t("rights.ofCameras")}</h3>
      <div className={styles.matrix}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("rights.camera")}</th>
              {functions.map((permission) => (
                <th key={permission} scope="col" data-fault={permission in faults || undefined}>
                  <button type="button" disabled={disabled} title={helpOf(permission)} onClick={() => everything(permission)}>{nameOf(permission)}</button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.channel} data-all={row.channel === "*" || undefined}>
                <th scope="row" dir="auto">
                  <button type="button" disabled={disabled} onClick={() => wholeRow(row)}>{row.name}</button>
                </th>
                {functions.map((permission) => <td key={permission}>{cell(permission, row)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ul className={styles.folded}>
        {functions.map((permission) => (
          <Folded key={permission} permission={permission} value={value} rows={rows} cell={cell} />
        ))}
      </ul>
      <h3>{t("rights.ofBox")}</h3>
      <div className={styles.ofBox}>
        {OF_BOX.filter((name) => !without.includes(name)).map((permission) => {
          const ticked = holds(value, permission);
          const may = able(permission, "*") || (ticked && !disabled);
          return (
            <Checkbox
              key={permission} label={nameOf(permission)} description={may || disabled ? helpOf(permission) : limitText} checked={ticked} disabled={!may}
              error={faults[permission]} onChange={(event) => change(permission, "*", event.currentTarget.checked)}
            />
          );
        })}
      </div>
      {functions.filter((permission) => permission in faults).map((permission) => (
        <p key={permission} className={styles.wrong} role="alert">{t("rights.fault", { right: nameOf(permission), text: faults[permission]! })}</p>
      ))}
    </div>
  );
}

/** One function on a phone: how much is given, and the cameras when it is opened. */
function Folded({ permission, value, rows, cell }: { permission: string; value: Granted; rows: Row[]; cell: (permission: string, row: Row) => React.ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span>{nameOf(permission)}</span>
        <span className="dim">{amount(value, permission)}</span>
      </button>
      {open && (
        <>
          <p className="dim small">{helpOf(permission)}</p>
          {rows.map((row) => (
            <label key={row.channel}>
              {cell(permission, row)}
              <span dir="auto">{row.name}</span>
            </label>
          ))}
        </>
      )}
    </li>
  );
}

/** "All cameras", "3 cameras" or "No camera". */
export function amount(rights: Rights, permission: string): string {
  if (holds(rights, permission)) return t("rights.onAll");
  const channels = rights === "*" ? [] : rights[permission];
  return t("rights.on", { n: Array.isArray(channels) ? channels.length : 0 });
}
