// Puts the page together: one wire, what passes over it, and what shows it.
import { Announcer } from "./announcer.js";
import { RttChart } from "./chart.js";
import { Chat } from "./chat.js";
import { openWire } from "./connection.js";
import { Control } from "./control.js";
import { Diagram } from "./diagram.js";
import { connectFaults } from "./faults.js";
import { EventLog } from "./log.js";
import { carryAddress, showWhereWeAre } from "./masthead.js";
import { Readouts } from "./readouts.js";
import { connectShow } from "./show.js";
import { roomOfThisTab } from "./room.js";
import { showSettings } from "./settings.js";
import { brightenSnippets } from "./snippets.js";
import { Stats } from "./stats.js";
import { Status } from "./status.js";
import { Strip } from "./strip.js";
import { connectThreadSwitch } from "./thread.js";
import { Traffic } from "./traffic.js";

const room = roomOfThisTab();
const wire = openWire(room);
const traffic = new Traffic(wire);
const control = new Control(room);

new EventLog(wire);
new Status(wire);
new Diagram(wire);
new Announcer(wire);
new Chat(traffic);
new Strip(wire, room).follow(traffic);
new Readouts(wire, traffic);
new RttChart(wire, traffic);

connectFaults(control);
connectShow(wire, traffic, control);
showSettings();
brightenSnippets();
showWhereWeAre();
carryAddress();
connectThreadSwitch();
new Stats(wire);

document.getElementById("suspend").addEventListener("click", () => wire.suspend());
document.getElementById("reconnect").addEventListener("click", () => wire.reconnect());
document.getElementById("close").addEventListener("click", () => wire.close(1000, "closed by the visitor"));
