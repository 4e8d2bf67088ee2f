// Search and sort of the ranking. Without it the page shows every row in order of rank.
(() => {
  "use strict";
  const table = document.getElementById("scores");
  if (!table) return;
  const tools = document.querySelector(".tools");
  const search = document.getElementById("search");
  const more = document.getElementById("more");
  const found = document.getElementById("found");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const top = Number(table.dataset.top);
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = new Map(rows.map((row) => [row, fold([row.cells[1], ...Array.from(row.cells).slice(-2)].map((c) => c.textContent).join(" "))]));
  const order = new Intl.Collator(document.documentElement.lang);

  const show = () => {
    const wanted = fold(search.value.trim());
    let count = 0;
    for (const row of body.rows) {
      row.hidden = wanted !== "" && !texts.get(row).includes(wanted);
      row.classList.toggle("rest", wanted === "" && count >= top);
      if (!row.hidden) count += 1;
    }
    found.textContent = wanted === "" ? "" : found.dataset.text.replace("#", String(count));
  };

  const value = (row, column, number) => {
    const cell = row.cells[column];
    if (!number) return cell.textContent;
    return cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };

  const sort = (head, column) => {
    const number = head.dataset.kind === "number";
    const first = number && column > 0 ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const way = head.getAttribute("aria-sort") === first ? second : first;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
    const sign = way === "ascending" ? 1 : -1;
    const sorted = rows.slice().sort((a, b) => {
      const x = value(a, column, number);
      const y = value(b, column, number);
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (number ? x - y : order.compare(x, y));
    });
    body.append(...sorted);
    show();
  };

  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = table.dataset.sort;
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });
  table.tHead.rows[0].cells[0].setAttribute("aria-sort", "ascending");
  search.addEventListener("input", show);
  more.addEventListener("click", () => {
    const all = table.classList.toggle("first") === false;
    more.setAttribute("aria-expanded", String(all));
    more.textContent = all ? more.dataset.first : more.dataset.all;
  });
  document.documentElement.classList.add("js");
  table.classList.add("first");
  more.hidden = rows.length <= top;
  tools.hidden = false;
})();
