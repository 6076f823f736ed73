// Keeps the timeline up to date: asks every two seconds, as long as somebody looks. Without it a link does the same.

const list = document.getElementById("timeline");
const said = document.getElementById("timeline-status");
const PAUSE = 2000;
const LONGEST_PAUSE = 30000;
let pause = PAUSE;
let shown = list.innerHTML.trim();
let waiting = 0;

async function look() {
  waiting = 0;
  try {
    const answer = await fetch(list.dataset.source, { credentials: "same-origin" });
    if (answer.status === 403) {
      said.textContent = "You are signed out: reload the page.";
      return;
    }
    if (!answer.ok) throw new Error(answer.statusText);
    show((await answer.text()).trim());
    pause = PAUSE;
  } catch {
    said.textContent = "The shop does not answer. It is asked again.";
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
  plan();
}

function show(text) {
  if (text !== shown) {
    list.innerHTML = text;
    shown = text;
    said.textContent = `Something changed at ${list.querySelector("time").textContent}.`;
  } else if (pause !== PAUSE) {
    said.textContent = "The shop answers again.";
  }
}

function plan() {
  if (!waiting && !document.hidden) waiting = setTimeout(look, pause);
}

document.getElementById("timeline-reload").hidden = true;
said.textContent = "Live.";
document.addEventListener("visibilitychange", plan);
plan();
