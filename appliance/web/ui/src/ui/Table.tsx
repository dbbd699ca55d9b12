/** A table that becomes a stack of cards on a phone; rows may be chosen, one or many. */
import { Checkbox } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "../i18n";
import table from "./table.module.css";
import type { Picks } from "./usePicks";

export interface Column<T> {
  /** Empty for a column of buttons. */
  title: string;
  cell: (row: T) => ReactNode;
  /** At the end of the cell, as numbers are. */
  end?: boolean;
  nowrap?: boolean;
  /** What the row is about: the title of its card. */
  name?: boolean;
  /** On a card the value speaks for itself. */
  plain?: boolean;
  className?: string | undefined;
  hint?: (row: T) => string;
}

interface Props<T> {
  rows: readonly T[];
  idOf: (row: T) => string;
  columns: readonly Column<T>[];
  /** Rows can be chosen; `nameOf` says what is chosen. */
  picks?: Picks | undefined;
  nameOf?: (row: T) => string;
  /** Rows that cannot be chosen among those that can. */
  fixed?: (row: T) => boolean;
  /** Set where cells hold more than text, so that they stand in the middle of their row. */
  middle?: boolean;
}

const classes = (...names: (string | false | undefined)[]): string | undefined => names.filter(Boolean).join(" ") || undefined;

export function Table<T>({ rows, idOf, columns, picks, nameOf, fixed, middle }: Props<T>) {
  return (
    <div className={table.scroll}>
      <table className={classes(table.table, table.cards, middle && table.middle)}>
        <thead>
          <tr>
            {picks && <td className={table.pick} />}
            {columns.map((column, number) =>
              column.title ? <th key={number} scope="col" className={column.end ? table.end : undefined}>{column.title}</th> : <td key={number} />,
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={idOf(row)}>
              {picks && (
                <td className={table.pick}>
                  {!fixed?.(row) && <Checkbox aria-label={t("table.pick", { name: nameOf?.(row) ?? idOf(row) })} checked={picks.has(idOf(row))} onChange={() => picks.toggle(idOf(row))} />}
                </td>
              )}
              {columns.map((column, number) => (
                <td
                  key={number} dir={column.name ? "auto" : undefined} title={column.hint?.(row)}
                  data-label={column.title && !column.name && !column.plain ? column.title : undefined}
                  className={classes(column.end && table.end, column.nowrap && table.nowrap, column.name && table.name, column.className)}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** "Choose all", with what is done to those that are chosen behind it. */
export function PickBar({ picks, children }: { picks?: Picks | undefined; children?: ReactNode }) {
  return (
    <div className={table.acts}>
      {picks && <Checkbox label={t("table.pickAll")} checked={picks.all} indeterminate={picks.some} onChange={picks.toggleAll} />}
      {children}
    </div>
  );
}
