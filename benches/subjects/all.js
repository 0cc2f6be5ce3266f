// Everybody, for pages.
import list from "#subjects";
import { waysOf } from "./ways.js";

/**
 * Each with two connections of its own to the servers, by what they obey orders with: `sink` answers nothing else, `echo`
 * sends everything back.
 */
export async function opened(servers) {
  const subjects = [];
  for (const { name, server, module } of list) {
    const ways = waysOf(module);
    const at = (url, query) => `${url}?room=${encodeURIComponent(`${name} ${query}`)}&drill${query}`;
    const [echo, silent = echo] = [servers[server], servers[`${server} silent`]];
    subjects.push({ name, server, sink: await ways(at(silent, "&silent")), echo: await ways(at(echo, "")) });
  }
  return subjects;
}
