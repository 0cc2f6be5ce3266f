// The list of scenes: on a narrow screen it is wider than the screen, and shows at least where one is.
export function showWhereWeAre() {
  const nav = document.querySelector(".masthead nav");
  const here = nav.querySelector("[aria-current]");
  const center = () => {
    nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  };
  new ResizeObserver(center).observe(nav);
}

/** A room in the address is meant for the other scenes too. */
export function carryAddress() {
  const room = new URLSearchParams(location.search).get("room");
  if (!room) return;
  for (const link of document.querySelectorAll(".masthead a[href], .cards a")) {
    const url = new URL(link.href);
    url.searchParams.set("room", room);
    link.href = url;
  }
}
