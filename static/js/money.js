// Amounts as the server writes them: money(13850) is "¥138.50", whole amounts drop their decimals.
// Minor units in, text out; `amount` reads back what a person types. Which currency it is stands on
// an element around: data-symbol="¥" data-digits="2", none after the point for yen.
export function money(amount, { symbol = "¥", digits = 2 } = {}) {
  const unit = 10 ** digits;
  const whole = Math.floor(amount / unit).toLocaleString("en");
  const cents = amount % unit;
  return symbol + whole + (cents ? `.${String(cents).padStart(digits, "0")}` : "");
}

// "¥1,380.50", "１３８" as minor units; null if it is no amount. The server decides; this only shows.
export function amount(text, { digits = 2 } = {}) {
  const plain = text.normalize("NFKC").trim().replace(/^[¥￥$]/, "").replaceAll(",", "").trim();
  const found = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(plain);
  const cents = found?.[2]?.replace(/0+$/, "") ?? "";
  if (!found || cents.length > digits) return null;
  return Number(found[1]) * 10 ** digits + Number(cents.padEnd(digits, "0"));
}

export function currencyOf(element) {
  const { symbol, digits } = element.closest("[data-symbol]")?.dataset ?? {};
  return symbol ? { symbol, digits: Number(digits) } : {};
}
