/** The English catalogue, from its rooms. Numbers in {n} choose between plural forms. */
import { accounts } from "./accounts";
import { backup } from "./backup";
import { board } from "./board";
import { common } from "./common";
import { computer } from "./computer";
import { find } from "./find";
import { health } from "./health";
import { live } from "./live";
import { log } from "./log";
import { maintain } from "./maintain";
import { network } from "./network";
import { pages } from "./pages";
import { poe } from "./poe";
import { saving } from "./saving";
import { security } from "./security";
import { settings } from "./settings";
import { tags } from "./tags";
import { transport } from "./transport";
import { wizard } from "./wizard";

export const en = { ...accounts, ...backup, ...board, ...common, ...computer, ...find, ...health, ...live, ...log, ...maintain, ...network, ...pages, ...poe, ...saving, ...security, ...settings, ...tags, ...transport, ...wizard };
