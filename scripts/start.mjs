// Builds everything and serves the demo page: `npm start`, with PORT for another port than 9001.
import { build } from "./build.mjs";
import { buildServer, startServer } from "./echo-server.mjs";
import { servedDocs } from "./docs/served.mjs";
import { main } from "./failure.mjs";

await main(async () => {
  await build();
  await buildServer();
  const { http, exited } = await startServer({ port: process.env.PORT ?? 9001, serve: servedDocs() });
  console.log(`\n  Everwire's demo page:  ${http}/\n\n  Ctrl-C stops it.\n`);
  await exited;
});
