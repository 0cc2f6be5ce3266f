// Where connections live: in the page, or in a worker, whose timers keep their time while the tab is hidden.
const isInWorker = new URLSearchParams(location.search).has("worker");

/** The class of either entry: they are used alike. */
export const { Wire } = await import(isInWorker ? "/pkg/worker.js" : "/pkg/everwire.js");

/** The switch begins anew in the other place: an open connection cannot move. */
export function connectThreadSwitch() {
  const box = document.getElementById("in-worker");
  box.checked = isInWorker;
  box.addEventListener("change", () => {
    const url = new URL(location.href);
    if (box.checked) url.searchParams.set("worker", "");
    else url.searchParams.delete("worker");
    location.replace(url);
  });
  if (isInWorker) document.querySelector(".strip .terminal b").textContent = "Worker";
}
