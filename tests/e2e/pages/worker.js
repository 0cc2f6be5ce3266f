// A wire in a worker: it tells the page what comes back.
import { Wire } from "/pkg/everwire.js";

onmessage = ({ data: url }) => {
  const wire = new Wire(url);
  wire.send("from a worker");
  wire.on((message) => {
    postMessage(message);
    wire.close();
  });
};
