// Tabs, copy buttons and the place in the table of contents. Without it everything is there to read.
"use strict";

const root = document.documentElement;
const LANGUAGES = { curl: "curl", python: "Python", javascript: "JavaScript" };
const KEY = "s3.docs.language";

// A browser may forbid storage; the choice is then forgotten with the page.
function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function remember(language) {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Nothing depends on it.
  }
}

// Before anything is drawn, so that nothing jumps.
root.classList.add("scripted");
root.dataset.language = remembered() in LANGUAGES ? remembered() : "curl";

function choose(language, tab) {
  // What is above may grow or shrink: the tab stays under the pointer.
  const before = tab?.getBoundingClientRect().top;
  root.dataset.language = language;
  remember(language);
  for (const each of document.querySelectorAll("[role=tab]")) {
    const chosen = each.dataset.language === language;
    each.setAttribute("aria-selected", chosen);
    each.tabIndex = chosen ? 0 : -1;
  }
  if (tab) scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: "instant" });
}

function copyButton(source) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    button.textContent = (await copy(source())) ? "Copied" : "Selected: press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return button;
}

async function copy(element) {
  try {
    await navigator.clipboard.writeText(`${element.textContent}\n`);
    return true;
  } catch {
    // Over plain HTTP there is no such clipboard: the old way, which leaves the text selected.
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

function addTabs(samples, number) {
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Language");
  for (const panel of samples.children) {
    const { language } = panel.dataset;
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${number}-${language}`;
    tab.textContent = LANGUAGES[language];
    tab.dataset.language = language;
    tab.setAttribute("role", "tab");
    tab.addEventListener("click", () => choose(language, tab));
    panel.id = `panel-${number}-${language}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.setAttribute("aria-controls", panel.id);
    list.append(tab);
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = [...list.children];
    const next = tabs.at((tabs.indexOf(event.target) + step) % tabs.length);
    next.focus();
    choose(next.dataset.language, next);
    event.preventDefault();
  });
  const bar = document.createElement("div");
  bar.className = "bar";
  const shown = () => samples.querySelector(`.code[data-language=${root.dataset.language}] code`);
  bar.append(list, copyButton(shown));
  samples.prepend(bar);
}

function followReading() {
  const links = new Map();
  for (const link of document.querySelectorAll(".toc a")) links.set(link.hash.slice(1), link);
  const headings = [...document.querySelectorAll("h2[id], h3[id]")].filter(({ id }) => links.has(id));
  let current;
  const mark = () => {
    const passed = headings.filter((each) => each.getBoundingClientRect().top < 120);
    const link = links.get((passed.at(-1) ?? headings[0])?.id);
    if (link === current) return;
    current?.removeAttribute("aria-current");
    link?.setAttribute("aria-current", "true");
    current = link;
    // Only the list is scrolled, and only where it is a column of its own.
    const list = document.querySelector(".toc");
    if (link && list.scrollHeight > list.clientHeight + 1) {
      list.scrollTop = link.offsetTop - list.offsetTop - list.clientHeight / 3;
    }
  };
  addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
  mark();
}

addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".samples").forEach(addTabs);
  choose(root.dataset.language);
  for (const figure of document.querySelectorAll(".code:not(.samples .code)")) {
    figure.querySelector("figcaption").append(copyButton(() => figure.querySelector("pre code")));
  }
  // On a small screen the contents stand before the text: one line until they are wanted.
  if (matchMedia("(max-width: 63.99rem)").matches) document.querySelector(".toc").open = false;
  followReading();
});

// Paper cannot be unfolded.
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details.more")) each.open = true;
});
