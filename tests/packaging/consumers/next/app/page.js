import { Wire } from "everwire";
import { connection } from "next/server";
import { Proved } from "./proved.js";

/** Rendered at each request. */
export default async function Page() {
  await connection();
  const wire = new Wire("ws://127.0.0.1:9");
  return (
    <main>
      <p>On the server a wire is {wire.state.name}.</p>
      <Proved />
    </main>
  );
}
