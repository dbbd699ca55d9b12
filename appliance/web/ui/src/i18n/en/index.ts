/** The English catalogue, from its rooms. Numbers in {n} choose between plural forms. */
import { backup } from "./backup";
import { common } from "./common";
import { live } from "./live";
import { pages } from "./pages";
import { settings } from "./settings";
import { tags } from "./tags";
import { transport } from "./transport";

export const en = { ...backup, ...common, ...live, ...pages, ...settings, ...tags, ...transport };
