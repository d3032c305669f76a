(() => {
  const box = document.getElementById("tale"), heard = document.getElementById("heard");
  let seen = box.dataset.seen;
  const mark = () => box.querySelector("[data-act]")?.dataset.act, shown = mark();
  const wait = ms => new Promise(done => setTimeout(done, ms));
  const visible = () => document.visibilityState === "visible" ? null :
    new Promise(done => document.addEventListener("visibilitychange", done, { once: true }));
  const show = html => {
    const had = new Set([...box.querySelectorAll("[id]")].map(row => row.id));
    const open = [...box.querySelectorAll("details[open]")].map(row => row.parentElement.id);
    const held = box.contains(document.activeElement) && document.activeElement.closest("[id]");
    box.innerHTML = html;
    for (const row of box.querySelectorAll(".row")) {
      if (had.size && !had.has(row.id)) row.classList.add("fresh");
      if (open.includes(row.id)) row.firstElementChild.open = true;
    }
    if (mark() !== shown) document.body.classList.add("moved");
    const again = held && held.id !== "tale" && document.getElementById(held.id);
    if (again) again.querySelector("summary").focus({ preventScroll: true });
    const count = box.querySelector("[data-heard]");
    if (count && heard.textContent !== count.dataset.heard) heard.textContent = count.dataset.heard;
  };
  const stopped = document.getElementById("stopped");
  const words = document.getElementById("stopped-words").content;
  words.querySelector("[data-port]").textContent = location.port;
  // One request may be lost; of two in a row, the demo isn't there.
  const lost = count => count === 2 ? stopped.replaceChildren(words.cloneNode(true)) :
    count === 0 && stopped.firstChild && stopped.replaceChildren();
  (async () => {
    for (let losses = 0;;) {
      await visible();
      let pause = 150;
      try {
        const lang = document.documentElement.lang, act = shown ?? "";
        const query = new URLSearchParams({ seen, lang, act });
        const answer = await fetch(box.dataset.story + "?" + query, { cache: "no-store" });
        if (answer.status === 200) {
          show(await answer.text());
          seen = answer.headers.get("story-seen");
        } else if (answer.status !== 204) pause = 2000;
        lost(losses = 0);
      } catch {
        lost(losses += 1);
        pause = 2000;
      }
      await wait(pause);
    }
  })();
})();
