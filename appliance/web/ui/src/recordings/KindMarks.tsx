/** The kinds of a recording, each with its colour of the time bar. */
import type { CSSProperties } from "react";
import { has, t } from "../i18n";
import styles from "../tags/tags.module.css";
import { KINDS, shownKind } from "../timebar/kinds";

export const kindWord = (name: string): string => (has(`kind.${name}`) ? t(`kind.${name}` as "kind.general") : name);
const colourOf = (name: string): string => `var(${KINDS.find((kind) => kind.name === shownKind(name))?.colour ?? "--nvr-general"})`;

export function KindMarks({ kinds }: { kinds: readonly string[] }) {
  return (
    <div className={styles.kinds}>
      {kinds.map((name) => (
        <span key={name} className={styles.kind} style={{ "--kind": colourOf(name) } as CSSProperties}>
          <i />
          {kindWord(name)}
        </span>
      ))}
    </div>
  );
}
