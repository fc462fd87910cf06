// Reads the page aloud. Only with a voice of this device in the language of the page: a voice from the network would
// send what stands here to somebody else. Without one, and without JavaScript, there is no button.
"use strict";
(() => {
  const place = document.querySelector(".listen");
  const speech = window.speechSynthesis;
  if (!place || !speech) return;
  const button = place.querySelector("button");
  const label = button.querySelector("span");
  const words = { start: label.textContent, stop: button.dataset.stop };
  const lang = document.documentElement.lang;
  const main = document.querySelector("main");
  const BLOCKS = "h1, h2, h3, p, li, dt, dd, label, legend, summary, th, td, button, a.button";
  const SILENT = "[aria-hidden='true'], [hidden], textarea, select, .listen";
  let reading = 0;

  const voice = () =>
    speech.getVoices().find((each) => each.localService && each.lang.toLowerCase().split(/[-_]/)[0] === lang);

  const shown = (element) => element.checkVisibility?.() ?? element.getClientRects().length > 0;

  const passages = () => {
    const found = [];
    let last = null;
    const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const element = walk.currentNode.parentElement;
      const text = walk.currentNode.data.replace(/\s+/g, " ");
      if (!text.trim() || element.closest(SILENT) || !shown(element)) continue;
      const block = element.closest(BLOCKS) ?? main;
      if (block === last) found[found.length - 1] += text;
      else found.push(text);
      last = block;
    }
    return found;
  };

  const show = (on) => {
    label.textContent = on ? words.stop : words.start;
  };

  const stop = () => {
    reading += 1;
    speech.cancel();
    show(false);
  };

  const start = () => {
    stop();
    const mine = reading;
    const chosen = voice();
    const left = passages();
    const next = () => {
      if (mine !== reading) return;
      const text = left.shift();
      if (text === undefined) return show(false);
      const said = new SpeechSynthesisUtterance(text.trim());
      said.voice = chosen;
      said.lang = chosen.lang;
      said.rate = 0.9;
      said.onend = next;
      said.onerror = () => mine === reading && stop();
      speech.speak(said);
    };
    show(true);
    next();
  };

  const offer = () => {
    place.hidden = !voice();
  };
  button.addEventListener("click", () => (label.textContent === words.stop ? stop() : start()));
  speech.addEventListener?.("voiceschanged", offer);
  window.addEventListener("pagehide", stop);
  offer();
})();
