// <button data-module="orders/bridge" data-bridge="{…}">: hands WeChat's own browser what it needs to pay
// when it is pressed; with data-open also at once, the first time she sees this payment. What WeChat says of it here
// proves nothing: only the bank's word moves the order, so "ok" presses [data-paid], which asks for that word sooner.
// "cancel" alone says that nothing was paid; after anything else nobody knows, and paying again may be paying twice.
const NAME = "getBrandWCPayRequest";
const WAIT = 3000; // ms in which WeChat's browser brings its bridge

function bridge() {
  if (window.WeixinJSBridge) return Promise.resolve(window.WeixinJSBridge);
  return new Promise((found) => {
    const late = setTimeout(() => found(null), WAIT);
    document.addEventListener("WeixinJSBridgeReady", () => {
      clearTimeout(late);
      found(window.WeixinJSBridge);
    }, { once: true });
  });
}

function seen(key) {
  try {
    return sessionStorage.getItem(key) !== null;
  } catch {
    return false; // nothing is kept here
  }
}

function see(key) {
  try {
    sessionStorage.setItem(key, "");
  } catch {
    // nothing is kept here: the till opens once more
  }
}

export default function start(button) {
  const { cancelled, elsewhere, paid, unknown } = button.dataset;
  const till = `till:${paid}`;
  const trouble = button.parentElement.querySelector("[data-bridge-trouble]");

  function say(words) {
    trouble.textContent = words;
    trouble.hidden = !words;
  }

  async function pay() {
    if (button.disabled) return;
    button.disabled = true; // one till at a time
    say("");
    const wechat = await bridge();
    if (!wechat) {
      button.disabled = false;
      say(elsewhere);
      return;
    }
    see(till);
    wechat.invoke(NAME, JSON.parse(button.dataset.bridge), ({ err_msg: said }) => {
      button.disabled = false;
      if (said === "get_brand_wcpay_request:ok") document.querySelector(paid)?.click();
      else say(said === "get_brand_wcpay_request:cancel" ? cancelled : unknown);
    });
  }

  button.addEventListener("click", pay);
  if ("open" in button.dataset && !seen(till)) pay();
}
