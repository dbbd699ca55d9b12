/** A choice of a few in one line of a menu. */
import { Menu } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./tile.module.css";

interface Props {
  label: string;
  /** Left out where nothing stays chosen. */
  chosen?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

export function Choice({ label, chosen, disabled, onClick, children }: Props) {
  const role = chosen === undefined ? "menuitem" : "menuitemradio";
  return (
    <Menu.Item role={role} aria-checked={chosen} aria-label={label} title={label} disabled={disabled ?? false} className={styles.choice} onClick={onClick}>
      {children}
    </Menu.Item>
  );
}
