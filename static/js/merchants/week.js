// The hours of a week. Leaving "the same on every day" begins with what was written for all;
// a day that gets a time is no longer closed.

function parts(row) {
  const [opens, closes] = row.querySelectorAll(".week__times input");
  return { opens, closes, closed: row.querySelector('[type="checkbox"]') };
}

export default function start(week) {
  const same = week.querySelector(".week__same input");
  const [first, ...others] = [...week.querySelectorAll(".week__day")].map(parts);
  same.addEventListener("change", () => {
    if (same.checked) return;
    for (const day of others) {
      if (day.opens.value || day.closes.value || day.closed.checked) continue;
      day.opens.value = first.opens.value;
      day.closes.value = first.closes.value;
      day.closed.checked = first.closed.checked;
    }
  });
  for (const day of [first, ...others]) {
    for (const time of [day.opens, day.closes]) {
      time.addEventListener("input", () => { if (time.value) day.closed.checked = false; });
    }
  }
}
