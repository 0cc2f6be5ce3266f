// The native server alone, where the browser tests look for it: `npm run peer`, then `wasm-pack test --headless --chrome`.
import { buildServer, startServer } from "./echo-server.mjs";
import { main } from "./failure.mjs";

await main(async () => {
  await buildServer();
  const { exited } = await startServer({ port: process.env.PORT ?? 9001 });
  await exited;
});
