// A list that stays at its end while it grows, unless its reader has scrolled back, and that never grows for ever.

const NEAR_END = 40;

export class FollowingList {
  #list;
  #limit;
  #isScrollDue = false;

  constructor(list, limit) {
    this.#list = list;
    this.#limit = limit;
  }

  append(item) {
    const list = this.#list;
    const isFollowed = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    list.append(item);
    while (list.childElementCount > this.#limit) list.firstElementChild.remove();
    if (!isFollowed || this.#isScrollDue) return;
    // Once for all that is appended in this turn: measuring in between would lay the page out each time.
    this.#isScrollDue = true;
    requestAnimationFrame(() => {
      this.#isScrollDue = false;
      list.scrollTop = list.scrollHeight;
    });
  }
}
