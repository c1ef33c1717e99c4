"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows, outcomes = data.outcomes;
  // Places in a row, as dataRow in page.go writes them.
  const ROW = 0, ID = 1, NAME = 2, OUTCOME = 3, ATTENTION = 4, REASON = 5, EDITS = 6, ATTEMPTS = 7,
    STATUS = 8, CODE = 9, REQUEST = 10, CLIENT = 11, SENT = 12, SETTLED = 13, SERVER = 14, ACTOR = 15, AFTER = 16, OVERWROTE = 17, NOTE = 18, ASSIGNEE = 19;
  const perPage = 50, perPrint = 1000, mostOffered = 1000;
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
  const byText = (place) => (a, b) => compare(a[place], b[place]);
  const columns = [
    { name: "row", head: "Row", order: (a, b) => a[ROW] - b[ROW] },
    { name: "task", head: "Task", order: byText(NAME) },
    { name: "outcome", head: "Outcome", order: (a, b) => outcomes.indexOf(a[OUTCOME]) - outcomes.indexOf(b[OUTCOME]) },
    { name: "reason", head: "Reason", order: byText(REASON) },
    { name: "changes", head: "Changes", order: (a, b) => a[EDITS].length - b[EDITS].length },
  ];
  const $ = (id) => document.getElementById(id);
  const app = $("app"), body = app.querySelector("tbody"), head = app.querySelector("thead tr"), links = document.querySelectorAll("[data-filter]");
  const whole = new Intl.NumberFormat("en");
  const needed = rows.some((r) => r[ATTENTION]); // then the page opens on those
  const notSet = "(not set)";
  const state = { outcome: "", assignee: "", property: "", q: "", sort: "row", down: false, page: 0 };
  let found = [], words = null;

  // Texts become text nodes, never HTML.
  const make = (tag, kind, ...content) => {
    const e = document.createElement(tag);
    if (kind) e.className = kind;
    e.append(...content);
    return e;
  };
  const text = (s) => make("span", s === notSet ? "blank" : "text", s);
  const label = (s) => make("span", "label", s);

  const edit = ([property, before, wanted, found, conflict]) => {
    const e = make("div", "edit", make("b", "", property),
      make("div", "before", label(conflict ? "base" : "before"), text(before)), make("div", "wanted", label("wanted"), text(wanted)));
    if (found !== null && (conflict || found !== wanted)) e.append(make("div", "now", label(conflict ? "found" : "read last"), text(found)));
    return e;
  };
  const sent = (r) => {
    const list = make("dl", "sent");
    const facts = [["Attempts", r[ATTEMPTS]], ["HTTP status", r[STATUS]], ["Error code", r[CODE]], ["Request ID", r[REQUEST]],
      ["Client request ID", r[CLIENT]], ["Sent at", r[SENT]], ["Settled at", r[SETTLED]],
      ["Settled after", r[AFTER] && `${r[AFTER]} s`], ["Server date", r[SERVER]], ["Actor", r[ACTOR]],
      ["Overwrote", r[OVERWROTE]], ["Note sent", r[NOTE]]].filter(([, v]) => v);
    for (const [name, value] of facts) list.append(make("dt", "", name), make("dd", "", String(value)));
    return facts.length ? [make("details", "", make("summary", "", "Request"), list)] : [];
  };
  const line = (r) => make("tr", "",
    make("td", "c-row", String(r[ROW])),
    make("td", "c-task", text(r[NAME] || "(no name)"), make("span", "id", r[ID])),
    make("td", "c-outcome", make("span", "tag o-" + r[OUTCOME].replace(" ", "-"), r[OUTCOME])),
    make("td", "c-reason", ...(r[REASON] ? [text(r[REASON])] : []), ...sent(r)),
    make("td", "c-changes", ...r[EDITS].map(edit)));

  // What a row can be picked by: whom its task is, was or would be assigned to, and the properties that it changes.
  const assignees = (r) => new Set([r[ASSIGNEE], ...r[EDITS].filter((e) => e[0] === "assignedTo").flatMap((e) => e.slice(1, 4))]
    .filter((a) => a && a !== "<clear>").map((a) => a.toLowerCase()));
  const properties = (r) => new Set(r[EDITS].map((e) => e[0]));
  const picks = { assignee: assignees, property: properties };
  const offer = (name) => {
    const counts = new Map();
    for (const r of rows) for (const v of picks[name](r)) counts.set(v, (counts.get(v) || 0) + 1);
    const options = [...counts].sort((a, b) => b[1] - a[1] || compare(a[0], b[0])).slice(0, mostOffered).map(([value, n]) => {
      const o = make("option", "", `${value} (${whole.format(n)})`);
      o.value = value;
      return o;
    });
    $(name).append(...options);
    $(name).addEventListener("change", (e) => change({ [name]: e.target.value }));
  };

  const haystack = (r) => [r[ROW], r[ID], r[NAME], r[OUTCOME], r[REASON], r[CODE], r[REQUEST], r[CLIENT],
    r[OVERWROTE], r[NOTE], ...r[EDITS].flat()].join("\n").toLowerCase();
  const search = () => {
    const terms = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    if (terms.length && !words) words = new Map(rows.map((r) => [r, haystack(r)]));
    found = rows.filter((r) => (!state.outcome || (state.outcome === "attention" ? r[ATTENTION] : r[OUTCOME] === state.outcome)) &&
      Object.keys(picks).every((name) => !state[name] || picks[name](r).has(state[name])) &&
      terms.every((t) => words.get(r).includes(t)));
    const order = columns.find((c) => c.name === state.sort).order;
    if (state.sort !== "row" || state.down) found.sort(state.down ? (a, b) => order(b, a) || a[ROW] - b[ROW] : (a, b) => order(a, b) || a[ROW] - b[ROW]);
  };

  const show = (first, many) => {
    const last = Math.min(first + many, found.length);
    body.replaceChildren(...found.slice(first, last).map(line));
    $("status").textContent = (found.length ? `Rows ${whole.format(first + 1)} to ${whole.format(last)} of ${whole.format(found.length)}` : "No row matches") +
      (state.outcome ? `, ${state.outcome === "attention" ? "those that need attention" : "outcome " + state.outcome}` : "") +
      Object.keys(picks).map((name) => state[name] && `, ${name} ${state[name]}`).join("") + (state.q ? `, with “${state.q}”` : "") + (found.length === rows.length ? "" : `, out of ${whole.format(rows.length)}`);
  };
  const draw = () => {
    const pages = Math.max(1, Math.ceil(found.length / perPage));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    show(state.page * perPage, perPage);
    $("page").textContent = `Page ${whole.format(state.page + 1)} of ${whole.format(pages)}`;
    $("prev").disabled = state.page === 0;
    $("next").disabled = state.page === pages - 1;
    app.querySelector(".pages").hidden = pages === 1;
    for (const a of links) a.dataset.filter === state.outcome ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current");
    columns.forEach((c, i) => head.cells[i].setAttribute("aria-sort", c.name !== state.sort ? "none" : state.down ? "descending" : "ascending"));
    $("sort").value = state.sort + (state.down ? "-" : "");
    for (const name in picks) $(name).value = state[name];
    if ($("q").value !== state.q) $("q").value = state.q;
  };

  // The location's hash is the state, so that a view can be linked to and gone back to.
  const hash = () => {
    const p = new URLSearchParams();
    if (state.outcome || needed) p.set("outcome", state.outcome || "all");
    for (const name in picks) if (state[name]) p.set(name, state[name]);
    if (state.q) p.set("q", state.q);
    if (state.sort !== "row" || state.down) p.set("sort", state.sort + (state.down ? "-" : ""));
    if (state.page) p.set("page", state.page + 1);
    return "#" + p;
  };
  const read = () => {
    const p = new URLSearchParams(location.hash.slice(1)), o = p.get("outcome") || (needed ? "attention" : ""), sort = p.get("sort") || "row";
    state.outcome = o === "attention" || outcomes.includes(o) ? o : "";
    for (const name in picks) state[name] = p.get(name) || "";
    state.q = p.get("q") || "";
    state.down = sort.endsWith("-");
    const name = state.down ? sort.slice(0, -1) : sort;
    state.sort = columns.some((c) => c.name === name) ? name : "row";
    state.page = (parseInt(p.get("page"), 10) || 1) - 1;
    search();
    draw();
  };
  const change = (to) => {
    Object.assign(state, { page: 0 }, to);
    if (!("page" in to)) search();
    draw();
    try { history.replaceState(null, "", hash()); } catch { /* some viewers have no history */ }
  };

  for (const c of columns) {
    const button = make("button", "", c.head);
    button.type = "button";
    button.addEventListener("click", () => change({ sort: c.name, down: state.sort === c.name && !state.down }));
    const th = make("th", "c-" + c.name, button, make("span", "printed", c.head)); // a button is not printed on later pages
    th.scope = "col";
    head.append(th);
    for (const [mark, way] of [["", "↑"], ["-", "↓"]]) {
      const option = make("option", "", c.head + " " + way);
      option.value = c.name + mark;
      $("sort").append(option);
    }
  }
  $("sort").addEventListener("change", (e) => change({ sort: e.target.value.replace("-", ""), down: e.target.value.endsWith("-") }));
  let wait;
  $("q").addEventListener("input", (e) => {
    clearTimeout(wait);
    wait = setTimeout(() => change({ q: e.target.value }), 120);
  });
  const turn = (by) => {
    change({ page: state.page + by });
    $("h-rows").scrollIntoView();
  };
  $("prev").addEventListener("click", () => turn(-1));
  $("next").addEventListener("click", () => turn(1));
  for (const a of links) a.addEventListener("click", (e) => {
    e.preventDefault();
    change({ outcome: a.dataset.filter });
    if (matchMedia("(max-width:52rem)").matches) $("h-rows").scrollIntoView(); // there they are out of sight
  });
  addEventListener("hashchange", read);
  addEventListener("beforeprint", () => {
    show(0, perPrint);
    for (const d of document.querySelectorAll("section > details")) d.open = true;
  });
  addEventListener("afterprint", draw);
  for (const name in picks) offer(name);
  $("static").remove();
  app.hidden = false;
  read();
})();
