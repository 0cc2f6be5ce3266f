// A worker of the application's own that gets its lock only when it is told to, and says that it is there when asked.
const early = [];
const keep = (event) => early.push(event.data);
addEventListener("message", keep);
const { request } = LockManager.prototype;
const granted = new Promise((grant) =>
  addEventListener("message", ({ data }) => data === "grant" && grant()),
);
LockManager.prototype.request = async function (...args) {
  await granted;
  return request.apply(this, args);
};
await import("/pkg/worker-host.js");
removeEventListener("message", keep);
for (const data of early) dispatchEvent(new MessageEvent("message", { data }));
addEventListener("message", ({ data }) => data === "there?" && postMessage("here"));
postMessage("here");
