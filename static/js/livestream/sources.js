// Which camera and which microphone: lists what there is, and asks camera.js for another.
//
//   <form data-module="livestream/sources" data-unnamed="No. %(number)s">
//     <select name="video" disabled> <select name="audio" disabled>      filled when its dialog opens,
//   </form>                                             or, without one, with the first picture
//
// data-stage names the element of the camera; without it, it is the console's.
const KINDS = { video: "videoinput", audio: "audioinput" };

export default function start(form) {
  const stage = form.dataset.stage ? document.getElementById(form.dataset.stage) : document.querySelector("[data-publish]");
  const { video, audio } = form.elements;

  const tracks = () => stage.querySelector("[data-camera-preview]").srcObject?.getTracks() ?? [];

  async function list() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    for (const select of [video, audio]) {
      const found = devices.filter(({ kind, deviceId }) => kind === KINDS[select.name] && deviceId);
      select.replaceChildren(...found.map(({ deviceId, label }, at) => (
        new Option(label || form.dataset.unnamed.replace("%(number)s", at + 1), deviceId)
      )));
      select.disabled = found.length < 2; // nothing to choose
      const track = tracks().find(({ kind }) => kind === select.name);
      if (track) select.value = track.getSettings().deviceId ?? "";
    }
  }

  // Only while somebody looks: to list them may wake every one of them.
  const dialog = form.closest("dialog");
  const look = () => (dialog ? dialog.open : tracks().length) && list();
  if (dialog) document.addEventListener("click", ({ target }) => target.closest(`[data-dialog-open=${dialog.id}]`) && list());
  stage?.addEventListener("camera:ready", look);
  navigator.mediaDevices?.addEventListener?.("devicechange", look);
  form.addEventListener("change", () => {
    const detail = { video: video.value, audio: audio.value };
    stage.dispatchEvent(new CustomEvent("camera:choose", { detail }));
  });
}
