import { SessionWire } from "everwire/session";
import { through } from "./wire.js";

export const open = through(SessionWire);
