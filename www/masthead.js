// The list of scenes: on a narrow screen it is wider than the screen, and shows at least where one is.
export function showWhereWeAre() {
  const nav = document.querySelector(".masthead nav");
  const here = nav.querySelector("[aria-current]");
  const center = () => {
    nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  };
  new ResizeObserver(center).observe(nav);
}

/** What the address says about room and worker is meant for the other scenes too. */
export function carryAddress() {
  const here = new URLSearchParams(location.search);
  for (const link of document.querySelectorAll(".masthead a[href], .cards a")) {
    const url = new URL(link.href);
    for (const name of ["room", "worker"]) if (here.has(name)) url.searchParams.set(name, here.get(name));
    link.href = url;
  }
}
