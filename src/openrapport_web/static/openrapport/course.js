// Steps through the answers of a picture, with two buttons, arrow keys, a finger or a pointer. What is
// said comes from the table below the picture, which has everything without this file, too.

for (const figure of document.querySelectorAll("[data-course]")) {
  const reader = figure.querySelector(".course-reader");
  const rows = [...figure.querySelectorAll("tbody tr")];
  if (!reader || !rows.length) continue;
  const says = reader.querySelector("p");
  const heads = [...figure.querySelectorAll("thead th")].map((cell) => cell.textContent);
  const here = figure.querySelector(".c-here");
  const svg = figure.querySelector(".course-svg");
  const places = rows.map((row) => Number(row.dataset.x));
  const newest = rows.findLastIndex((row) => "newest" in row.dataset);
  let now = newest < 0 ? rows.length - 1 : newest;

  const show = (next) => {
    now = Math.min(Math.max(next, 0), rows.length - 1);
    const [day, ...cells] = [...rows[now].children].map((cell) => cell.textContent);
    const told = cells.map((text, n) => (text ? `${heads[n + 1]}: ${text}` : "")).filter(Boolean);
    says.textContent = [day, ...told].join(" · ");
    for (const end of ["x1", "x2"]) here.setAttribute(end, `${places[now]}%`);
    here.setAttribute("visibility", "visible");
  };

  for (const button of reader.querySelectorAll("button")) {
    button.addEventListener("click", () => show(now + Number(button.dataset.step)));
  }
  reader.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
  const point = (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 100;
    let nearest = 0;
    places.forEach((place, n) => {
      if (Math.abs(place - x) < Math.abs(places[nearest] - x)) nearest = n;
    });
    show(nearest);
  };
  svg.addEventListener("click", point);
  svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") point(event);
  });
  reader.hidden = false;
  show(now);
  here.setAttribute("visibility", "hidden");
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
