/** What the fields of a form need to know of the form: whose picture, what board and camera have. */
import { createContext } from "react";

export interface FormSurroundings {
  /** The channel that the form is about, for drawing on its picture. */
  channel: number | null;
  capabilities: readonly string[];
}

export const FormContext = createContext<FormSurroundings>({ channel: null, capabilities: [] });
