"use strict";
// Searches, filters and sorts the tables, and draws their rows a chunk at a time. Texts become text nodes alone.
(() => {
  const CHUNK = 100;
  const LINES_SHOWN = 4;
  const SVG = "http://www.w3.org/2000/svg";

  let read = null;
  const data = () => (read ??= JSON.parse(document.getElementById("data").textContent));

  // --- elements ---

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    made.append(...children);
    return made;
  }

  // --- references: what stands between tabs, as refs.py has them ---

  const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
  const PLACE = /^([^\\]+?)(?:::.*|:([0-9]+))?$/;

  // As Python's quote() writes it, which leaves fewer signs alone.
  const quoted = (part) => encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

  function link(target, at) {
    const [table, badge, find, text] = target.split("\v");
    if (text !== undefined) return element("a", { href: `#${table}`, "data-table": table, "data-badge": badge, "data-find": find }, text);
    const web = data().web;
    const away = (href, said) => element("a", { href, rel: "noreferrer" }, said);
    if (COMMIT.test(target)) return web ? away(web.commit + target, target.slice(0, 7)) : target.slice(0, 7);
    const place = PLACE.exec(target);
    const commit = at || web?.head;
    if (!web || !commit || !place || target.endsWith("/")) return target;
    const line = Number(place[2] ?? 0);
    return away(`${web.file}${commit}/${place[1].split("/").map(quoted).join("/")}${line ? web.line + line : ""}`, target);
  }

  const said = (line, at) => line.split("\t").map((part, place) => (place % 2 ? link(part, at) : part));
  const plain = (text) => (text.includes("\t") ? text.split("\t").map((part) => part.split("\v").pop()).join("") : text);

  // --- cells: what cells.html draws, by the same numbers as cells.py ---

  const first = (...parts) => element("span", { class: "first" }, ...parts);
  const detail = (...parts) => element("span", { class: "detail" }, ...parts);
  const tenths = (value) => `${Math.floor(value / 10)}.${value % 10}`;
  const share = (part, whole) => (whole ? Math.floor((1000 * part) / whole) : 0);

  function ticks(strip, kind) {
    const [top, height] = kind === "." ? [7, 6] : [1, 12];
    let path = "";
    for (let place = 0; place < strip.length; place++) {
      if (strip[place] === kind) path += `M${4 * place} ${top}h3v${height}h-3z`;
    }
    return path;
  }

  const CELLS = {
    stack(value, at) {
      const [head, ...rest] = value.split("\n");
      const lines = rest.map((line) => detail(...said(line, at)));
      const more = lines.splice(lines.length > LINES_SHOWN + 1 ? LINES_SHOWN : lines.length);
      const opened = element("details", {}, element("summary", {}, `and ${more.length} more`), ...more);
      return [first(...said(head, at)), ...lines, ...(more.length ? [opened] : [])];
    },
    lines: (value, at) => value.split("\n").map((line) => element("span", { class: "item" }, ...said(line, at))),
    badge: (value) => [element("span", { class: `badge ${data().tones[value] ?? "quiet"}` }, value)],
    strip(value) {
      const width = 4 * value.length;
      const failed = value.split("F").length - 1;
      const about = {
        class: "strip", role: "img", viewBox: `0 0 ${width} 14`, width, height: 14,
        "aria-label": `failed ${failed} of the newest ${value.length} runs`,
      };
      return [drawn("svg", about, drawn("path", { class: "pass", d: ticks(value, ".") }),
        drawn("path", { class: "fail", d: ticks(value, "F") }))];
    },
    rate(value) {
      const [failures, runs, low, high] = value.split(" ").map(Number);
      const interval = `${tenths(low)} to ${tenths(high)}`;
      return [first(`${tenths(share(failures, runs))} %`), detail(`${failures} of ${runs}, ${interval} %`)];
    },
    bar(value, at) {
      const [numbers, counts] = value.split("\n");
      const [part, whole, needed] = numbers.split(" ").map(Number);
      const filled = share(part, whole);
      const marks = [
        drawn("rect", { class: "whole", width: 100, height: 8, rx: 1 }),
        drawn("rect", { class: filled < needed ? "short" : "part", width: tenths(filled), height: 8, rx: 1 }),
      ];
      if (needed !== undefined) marks.push(drawn("rect", { class: "needed", x: tenths(needed), y: -2, width: 1.5, height: 12 }));
      const about = { class: "bar", "aria-hidden": "true", viewBox: "0 0 100 8", width: 100, height: 8 };
      const asked = needed === undefined ? "" : `, needs ${tenths(needed)} %`;
      return [drawn("svg", about, ...marks), first(`${tenths(filled)} %`), detail(...said(counts ?? `${part} of ${whole}`, at), asked)];
    },
  };

  const cell = (kind, value, at) => (value === "" ? [] : (CELLS[kind] ?? said)(value, at));

  // --- the values of a table ---

  const unrolled = (strip) => strip.replace(/(\d+)(.)/g, (_, count, mark) => mark.repeat(count));

  function column({ title, kind, values, places }) {
    const whole = kind === "strip" ? values.map(unrolled) : values;
    const at = places ? (row) => whole[places[row]] : (row) => whole[row];
    return { title, kind, at };
  }

  const searched = (kind, value) => (kind === "strip" ? "" : plain(value));

  // A quarter, or those from one to another, speak of a row's first day: the chart and its table lead to them.
  const QUARTERS = /^(\d{4}-q[1-4])(?:\.\.(\d{4}-q[1-4]))?$/;
  const quarter = (day) => day && `${day.slice(0, 4)}-q${Math.ceil(Number(day.slice(5, 7)) / 3)}`;

  const SORTED_BY = {
    number: (value) => Number(plain(value)),
    rate: (value) => Number(value.split(" ")[2] ?? -1),
    bar(value) {
      const [part, whole] = value.split("\n")[0].split(" ").map(Number);
      return value === "" ? -1 : share(part, whole);
    },
    strip: (value) => value.split("F").length,
  };

  class Table {
    constructor(section) {
      this.section = section;
      this.body = section.querySelector("tbody");
      this.form = section.querySelector("form");
      this.search = this.form.querySelector("input");
      this.choice = this.form.querySelector("select");
      this.output = this.form.querySelector("output");
      this.rest = section.querySelector(".rest");
      this.sorted = null;
      this.descends = false;
      this.form.hidden = false;
      this.offer();
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.search.addEventListener("input", () => this.show());
      this.choice?.addEventListener("change", () => this.show());
      section.querySelectorAll("thead th").forEach((head, place) => {
        const button = element("button", { type: "button" }, ...head.childNodes);
        button.addEventListener("click", () => this.sort(place));
        head.append(button);
      });
    }

    // What stands there already is drawn anew only when somebody asks for more of it, or for something else.
    offer() {
      this.rest.replaceChildren();
      if (this.rest.dataset.left === "0") return;
      const button = element("button", { type: "button" }, "Show more");
      button.addEventListener("click", () => {
        const stood = this.body.rows.length;
        this.show();
        this.body.rows[stood]?.scrollIntoView({ block: "nearest" });
      });
      this.rest.append(button);
    }

    // Reading 50,000 rows takes a moment: it is done when the page has time, or when somebody first asks.
    read() {
      if (this.columns) return;
      const table = data().tables[this.section.id];
      this.columns = table.columns.map(column);
      this.views = table.views;
      this.foundBy = table.found_by;
      this.day = this.columns.find(({ kind }) => kind === "day");
      this.badge = table.badge === null ? null : this.columns[table.badge];
      this.texts = Array.from({ length: table.rows }, (_, row) =>
        this.columns.map((one) => searched(one.kind, one.at(row))).join("\n").toLowerCase());
      this.order = this.texts.map((_, row) => row);
    }

    sort(place) {
      this.read();
      const { kind, at } = this.columns[place];
      this.descends = this.sorted === place ? !this.descends : ["number", "rate", "bar", "day", "strip"].includes(kind);
      this.sorted = place;
      const key = SORTED_BY[kind] ?? ((value) => plain(value).toLowerCase());
      const keys = this.texts.map((_, row) => key(at(row)));
      const sign = this.descends ? -1 : 1;
      this.order = this.texts.map((_, row) => row).sort((one, other) =>
        (keys[one] < keys[other] ? -sign : keys[one] > keys[other] ? sign : one - other));
      this.section.querySelectorAll("thead th").forEach((head, number) => {
        if (number === place) head.setAttribute("aria-sort", this.descends ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      this.show();
    }

    matching() {
      const words = this.search.value.split(/\s+/).filter(Boolean).map((word) => this.test(word));
      const chosen = this.choice ? this.choice.value : "";
      const badges = chosen[0] === "*" ? this.views[chosen.slice(1)] : chosen && [chosen];
      return this.order.filter((row) =>
        (!badges || badges.includes(this.badge.at(row))) && words.every((holds) => holds(row)));
    }

    test(word) {
      if (Object.hasOwn(this.foundBy, word)) {
        const rows = new Set(this.foundBy[word]);
        return (row) => rows.has(row);
      }
      const text = word.toLowerCase();
      const found = this.day && QUARTERS.exec(text);
      if (!found) return (row) => this.texts[row].includes(text);
      const [, first, last = first] = found;
      return (row) => first <= quarter(this.day.at(row)) && quarter(this.day.at(row)) <= last;
    }

    show() {
      this.read();
      this.found = this.matching();
      this.drawn = 0;
      this.body.replaceChildren();
      this.more();
      this.section.querySelectorAll(":scope > .empty").forEach((said) => said.remove());
    }

    more() {
      const rows = this.found.slice(this.drawn, this.drawn + CHUNK);
      this.body.append(...rows.map((row) => this.row(row)));
      this.drawn += rows.length;
      this.tell();
    }

    row(row) {
      const values = this.columns.map(({ at }) => at(row));
      const commit = values.join("\t").split("\t").find((part) => COMMIT.test(part)) ?? "";
      return element("tr", { role: "row" }, ...this.columns.map(({ title, kind }, place) =>
        element("td", { role: "cell", class: kind, "data-title": title }, ...cell(kind, values[place], commit))));
    }

    tell() {
      const left = this.found.length - this.drawn;
      this.output.textContent = `${this.found.length.toLocaleString("en")} of ${this.texts.length.toLocaleString("en")}`;
      this.rest.replaceChildren();
      this.rest.dataset.left = left;
      if (left <= 0) return;
      const button = element("button", { type: "button" }, `Show ${Math.min(CHUNK, left)} more of ${left.toLocaleString("en")}`);
      button.addEventListener("click", () => {
        const next = this.drawn;
        this.more();
        this.rest.querySelector("button")?.focus({ preventScroll: true });
        this.body.rows[next]?.scrollIntoView({ block: "nearest" });
      });
      this.rest.append(button);
    }

    narrow(badge, text) {
      this.search.value = text;
      if (this.choice) this.choice.value = badge;
      this.show();
    }
  }

  const tables = new Map();
  for (const form of document.querySelectorAll("section > form")) {
    tables.set(form.parentElement.id, new Table(form.parentElement));
  }

  // A number at the top leads to the rows that it counts, an id to its fix; rows come and go, so one listener hears all.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-table]");
    if (!link) return;
    const { table, badge = "", find = "" } = link.dataset;
    tables.get(table)?.narrow(badge, find);
  });

  // The chart is one stop of the tab key; arrows go through its quarters.
  const quarters = [...document.querySelectorAll(".chart .quarter")];
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
  document.querySelector(".chart")?.addEventListener("keydown", (event) => {
    const from = quarters.indexOf(document.activeElement);
    if (from < 0 || !(event.key in STEPS)) return;
    event.preventDefault();
    const to = Math.min(Math.max(from + STEPS[event.key], 0), quarters.length - 1);
    quarters.forEach((one, place) => one.setAttribute("tabindex", place === to ? 0 : -1));
    quarters[to].focus();
  });

  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  const waiting = [...tables.values()];
  const prepare = () => {
    waiting.shift()?.read();
    if (waiting.length) idle(prepare);
  };
  window.addEventListener("load", () => idle(prepare));
})();
