import { Wire } from "everwire";
import { through } from "./wire.js";

export const open = through(Wire);
