// Amounts as the server writes them: money(13850) is "¥138.50", whole amounts drop their decimals.
// Minor units in, text out. `symbol` and `digits` come from the page.
export function money(amount, { symbol = "¥", digits = 2 } = {}) {
  const unit = 10 ** digits;
  const whole = Math.floor(amount / unit).toLocaleString("en");
  const cents = amount % unit;
  return symbol + whole + (cents ? `.${String(cents).padStart(digits, "0")}` : "");
}
