// The room keeps tabs apart: what one of them asks the server to break is its own connection.

/** The one in the address (`?room=`), or one of this tab's own that a reload keeps. */
export function roomOfThisTab() {
  const asked = new URLSearchParams(location.search).get("room");
  if (asked) return asked;
  const room = sessionStorage.getItem("room") ?? `tab-${Math.random().toString(36).slice(2, 7)}`;
  sessionStorage.setItem("room", room);
  return room;
}
