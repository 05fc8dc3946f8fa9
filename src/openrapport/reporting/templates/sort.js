// A click on a heading sorts the sessions by that column; those without a value stay last.
const body = document.querySelector(".sortable");
const headings = [...document.querySelectorAll(".compare thead th")];
headings.forEach((heading, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener("click", () => {
    const rising = heading.getAttribute("aria-sort") !== "ascending";
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
    const compare = (a, b) => (rising ? 1 : -1) * a.localeCompare(b, "en", { numeric: true });
    const number = (a, b) => (rising ? 1 : -1) * (a - b);
    const order = column === 0 ? compare : number;
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => (a === "") - (b === "") || order(a, b));
    body.append(...rows.map(([, row]) => row));
  });
});
