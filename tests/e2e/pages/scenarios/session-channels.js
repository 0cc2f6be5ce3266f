// Channels of a session.
import { next, ok, same, thrown } from "../check.js";

export const scenarios = {
  "what is said on a channel reaches everybody who has it open": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const [one, two] = [wire(room.url()), wire(room.url())];
    const [mine, yours, other] = [one.channel("news"), two.channel("news"), two.channel("weather")];
    await Promise.all([mine.opened, yours.opened, other.opened]);
    same([mine.state, mine.name], ["open", "news"]);
    const stray = [];
    two.on((message) => stray.push(message));
    other.on((message) => stray.push(message));
    const heard = next(yours, "message");
    const typed = new Promise((resolve) => yours.on("headline", resolve));
    const receipt = mine.send({ type: "headline", text: "hello" });
    same((await heard).data, { type: "headline", text: "hello" });
    same(await typed, { type: "headline", text: "hello" });
    same(await receipt.settled, { outcome: "delivered" });
    same(stray, [], "nobody else hears of it");
  },

  "the server opens a channel with what was asked, or shuts it and says why": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const open = it.channel("named", { since: 5 });
    const { data } = await next(open, "open");
    same(data, { since: 5 });
    const refused = it.channel("closed for you");
    same(refused.state, "opening");
    const over = new AbortController();
    const given = thrown(refused.ready({ signal: over.signal }));
    over.abort("enough");
    same(await given, "enough");
    const error = await thrown(refused.opened);
    same([error.name, refused.state], ["ChannelShut", "shut"]);
    same((await thrown(refused.ready())).name, "ChannelShut");
    await open.ready({ signal: new AbortController().signal });
    same((await thrown(() => refused.send("x"))).code, "InvalidOption");
    same((await thrown(() => it.channel("x".repeat(2_000)))).code, "InvalidOption");
  },

  "a channel that is shut takes back what waits, and is heard no more": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const channel = it.channel("brief");
    await channel.opened;
    it.suspend();
    const receipt = channel.send("waits");
    const shut = next(channel, "shut");
    channel.shut(7, "done");
    const { code, reason } = await shut;
    same([code, reason, channel.state], [7, "done", "shut"]);
    same((await receipt.settled).reason, "withdrawn");
    it.reconnect();
    const again = it.channel("brief");
    await again.opened;
    const heard = next(again, "message");
    again.send("back");
    same((await heard).data, "back");
  },

  "a channel outlives a cut, and is opened anew when its session is lost": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { reconnect: { delay: () => 0 } });
    const channel = it.channel("lasting", "params");
    await channel.opened;
    let opens = 0;
    channel.addEventListener("open", () => (opens += 1));
    const back = next(it, "session", ({ resumed }) => resumed);
    await room.control("kill");
    await back;
    let heard = next(channel, "message");
    channel.send("after the cut");
    same([(await heard).data, opens], ["after the cut", 0]);
    const open = next(channel, "open");
    await room.control("session/restart?state=lost");
    same([(await open).data, channel.state], ["params", "open"]);
    heard = next(channel, "message");
    channel.send("after the loss");
    same([(await heard).data, opens], ["after the loss", 1]);
  },

  "volatile messages and requests go on channels too; a wire that closes shuts them": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const channel = it.channel("all");
    await channel.opened;
    const heard = next(channel, "message");
    ok(channel.volatile("soon"), "it is sent");
    same((await heard).data, "soon");
    same(await channel.request("echo", 5), 5);
    const shut = next(channel, "shut");
    it.close();
    await shut;
    same(channel.state, "shut");
  },
};
