// <form data-module="theme"> around the light and dark buttons (CSS shows the one that changes
// something). Changes at once, saves in the background; without this module the form is posted.
import { send } from "guitai/request";

export default function start(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    document.documentElement.dataset.theme = theme;
    form.querySelector(theme === "dark" ? ".to-light" : ".to-dark").focus();
    // Charts and other drawings that read the tokens listen to this.
    document.dispatchEvent(new CustomEvent("guitai:theme", { detail: { theme } }));
    await send(form.action, { data: new URLSearchParams({ theme }) }).catch(() => {});
  });
}
