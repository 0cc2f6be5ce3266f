// Builds the chat of examples/chat and serves it: `npm run chat`, with PORT for another port than 9002.
import { build } from "./build.mjs";
import { buildChat, startChat } from "./build/chat.mjs";
import { main } from "./failure.mjs";

await main(async () => {
  await build();
  await buildChat();
  const { http, exited } = await startChat({ port: process.env.PORT ?? 9002 });
  console.log(`\n  In Rust:        ${http}/rust.html?name=Ada`);
  console.log(`  In TypeScript:  ${http}/typescript.html?name=Bob\n\n  Ctrl-C stops it.\n`);
  await exited;
});
