/** Names of the log's types, in the order of the menu. */
import { t } from "../i18n";
import { TYPES } from "./api";

export const TYPE_TITLES = (): { value: string; label: string }[] => TYPES.map((value) => ({ value, label: t(`log.type.${value}`) }));
