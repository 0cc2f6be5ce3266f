/** Resolves when the server's echo is back and the receipt has settled so. */
export async function echo(Wire, peer, outcome = "handed-over") {
  const wire = new Wire(peer);
  const back = new Promise((heard) => wire.on(heard));
  const settled = await wire.send({ hello: "server" }).settled;
  if (settled.outcome !== outcome) throw new Error(JSON.stringify(settled));
  const { hello } = await back;
  if (hello !== "server") throw new Error(`The echo says ${hello}.`);
  wire.close();
  await wire.closed;
}

/** The same with the class WebSocket. */
export async function echoSocket(WebSocket, peer) {
  const socket = new WebSocket(peer);
  const next = (type) => new Promise((heard) => socket.addEventListener(type, heard, { once: true }));
  const back = next("message");
  socket.send("hello");
  const { data } = await back;
  if (data !== "hello") throw new Error(`The echo says ${data}.`);
  const closed = next("close");
  socket.close();
  await closed;
}
