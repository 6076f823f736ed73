"use strict";
// The filter works without this; with it the answer comes while one types, and nothing is reloaded.
{
  const WAIT = 200; // milliseconds without a key
  const form = document.querySelector("form[data-results]");
  let timer = 0;
  let running = null;

  const filter = async () => {
    running?.abort();
    running = new AbortController();
    const query = [...new FormData(form)].filter(([, value]) => value.trim());
    const address = `${location.pathname}?${new URLSearchParams(query)}`;
    try {
      const answer = await fetch(address, { signal: running.signal });
      if (!answer.ok || answer.redirected) throw new Error("this is not the page");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Each keeps its element, or a screen reader would not hear that the text of one has changed.
      for (const id of form.dataset.results.split(" ")) {
        document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
      }
      history.replaceState(null, "", query.length ? address : location.pathname);
    } catch (error) {
      if (error.name !== "AbortError") form.submit(); // signed out, say: the server knows what to do
    }
  };

  form?.classList.add("live");
  form?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(filter, WAIT);
  });
}
