/** A choice of a few in one line of a menu. */
import { Menu } from "@mantine/core";
import type { ComponentProps, ReactNode } from "react";
import styles from "./tile.module.css";

interface Props {
  label: string;
  /** Left out where nothing stays chosen. */
  chosen?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

/** Mantine calls every entry a menu item, whatever it is told. */
const Radio = ({ "aria-checked": checked = false, ...props }: ComponentProps<"button">) => <button {...props} role="menuitemradio" aria-checked={checked} />;

export function Choice({ label, chosen, disabled, onClick, children }: Props) {
  const common = { "aria-label": label, title: label, disabled: disabled ?? false, className: styles.choice ?? "", onClick, children };
  return chosen === undefined ? <Menu.Item {...common} /> : <Menu.Item component={Radio} aria-checked={chosen} {...common} />;
}
