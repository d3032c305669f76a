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
  (async () => {
    for (let failures = 0; failures < 5;) {
      await visible();
      try {
        const lang = document.documentElement.lang, act = shown ?? "";
        const query = new URLSearchParams({ seen, lang, act });
        const answer = await fetch(box.dataset.story + "?" + query, { cache: "no-store" });
        if (answer.status === 200) {
          show(await answer.text());
          seen = answer.headers.get("story-seen");
        } else if (answer.status !== 204) throw new Error();
        failures = 0;
        await wait(150);
      } catch {
        failures += 1;
        await wait(2000);
      }
    }
  })();
})();
