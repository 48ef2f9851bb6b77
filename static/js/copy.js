// <button data-module="copy" data-text="…">: puts the text on the clipboard and says so.
// data-share-title makes it the phone's own share sheet where there is one.
import { toast } from "guitai/toast";
import { word } from "guitai/words";

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea"); // plain http and old WeChat have no clipboard
  field.className = "vh";
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export default function start(button) {
  button.addEventListener("click", async () => {
    const { text, shareTitle } = button.dataset;
    if (shareTitle && navigator.share) {
      await navigator.share({ title: shareTitle, url: text }).catch(() => {});
      return;
    }
    await copy(text);
    toast(word("copied"), { icon: "copy" });
  });
}
