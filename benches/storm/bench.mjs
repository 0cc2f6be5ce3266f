// A server comes back after an outage, and so do the clients it had: how hard they hit it and how long they take, by
// each library's way of waiting at its defaults. Everwire's is its own machine; src/policies.rs holds those of the others as
// their sources have them. Nothing is timed: the clock is only counted, so one round is enough.
import { join } from "node:path";
import { cargoTarget } from "../../scripts/paths.mjs";
import { output, run } from "../../scripts/process.mjs";

const PROGRAM = "everwire-storm";
const CLIENTS = { full: 100_000, quick: 10_000 };
const TAKES_ALL = "takes all";
/** Of which outage, in seconds, it is shown how things go on, and after how many seconds. */
const SHOWN = 60;
const MOMENTS = [1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90];

export async function bench({ quick, log }) {
  const clients = quick ? CLIENTS.quick : CLIENTS.full;
  log(`${clients} clients, outages of 10 s, 1 min and 10 min`);
  await run("cargo", ["build", "--locked", "--release", "--package", PROGRAM], { quiet: true });
  const printed = await output(join(cargoTarget, "release", PROGRAM), [String(clients)]);
  const storms = printed
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return [
    ...storms.flatMap(outcomes),
    ...storms.filter(({ outage, admits }) => outage === SHOWN && admits).flatMap(course),
  ];
}

const isGated = ({ direction }) => direction?.startsWith("takes") && direction !== TAKES_ALL;

export const charts = [
  {
    file: "storm-attempts",
    title: "Connects a second at a server that is back after a minute and takes 2,000",
    rows: (row) => row.bench === "storm: attempts" && isGated(row),
    x: "seconds since it is back; 100,000 clients",
    y: "connects/s",
  },
  {
    file: "storm-connected",
    title: "Who is connected again to a server that takes 2,000 connects a second",
    rows: (row) => row.bench === "storm: connected" && isGated(row),
    x: "seconds since it is back; 100,000 clients",
    y: "%",
  },
  {
    file: "storm-peak",
    title: "The worst second at a server that is back and takes 2,000 connects a second",
    rows: (row) => row.bench === "reconnect storm" && row.kind === "peak attempts" && isGated(row),
    x: "seconds it was away; 100,000 clients",
    y: "connects/s",
  },
];

/** Null for what was never reached in five minutes. */
const rounded = (seconds) => seconds && Math.round(100 * seconds) / 100;

/** What the server takes each second: everything, or what makes it whole again in 50 s. */
const server = ({ admits }) => (admits ? `takes ${admits}/s` : TAKES_ALL);

function outcomes(storm) {
  const { subject, outage, admits, peak, half, nearly_all, refused, gave_up, clients } = storm;
  const row = (kind, unit, median) => ({
    bench: "reconnect storm",
    subject,
    size: outage,
    direction: server(storm),
    kind,
    unit,
    median,
    ratioToRaw: null,
  });
  const rows = [
    row("peak attempts", "1/s", peak),
    row("half connected", "s", rounded(half)),
    row("99 % connected", "s", rounded(nearly_all)),
    row("gave up", "%", Math.round((1_000 * gave_up) / clients) / 10),
  ];
  if (!admits) return rows;
  return [
    ...rows,
    row("peak over what is taken", "x", Math.round((10 * peak) / admits) / 10),
    row("refused per client", "", Math.round((100 * refused) / clients) / 100),
  ];
}

function course(storm) {
  const { subject, connected, attempts, clients } = storm;
  const row = (bench, size, unit, median) => ({
    bench,
    subject,
    size,
    direction: server(storm),
    kind: `after ${SHOWN} s`,
    unit,
    median,
    ratioToRaw: null,
  });
  const percent = (second) => {
    const count = connected[second - 1] ?? connected.at(-1) ?? 0;
    return Math.round((1_000 * count) / clients) / 10;
  };
  return MOMENTS.flatMap((second) => [
    row("storm: connected", second, "%", percent(second)),
    row("storm: attempts", second, "1/s", attempts[second - 1] ?? 0),
  ]);
}
