// Which camera and which microphone: lists what there is, and asks camera.js for another.
//
//   <form data-module="livestream/sources" data-unnamed="No. %(number)s">
//     <select name="video" disabled> <select name="audio" disabled>      filled once there is a picture
//   </form>
const KINDS = { video: "videoinput", audio: "audioinput" };

export default function start(form) {
  const stage = document.querySelector("[data-publish]");
  const { video, audio } = form.elements;

  async function list() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const tracks = stage.querySelector("[data-camera-preview]").srcObject?.getTracks() ?? [];
    for (const select of [video, audio]) {
      const found = devices.filter(({ kind, deviceId }) => kind === KINDS[select.name] && deviceId);
      select.replaceChildren(...found.map(({ deviceId, label }, at) => (
        new Option(label || form.dataset.unnamed.replace("%(number)s", at + 1), deviceId)
      )));
      select.disabled = found.length < 2; // nothing to choose
      const track = tracks.find(({ kind }) => kind === select.name);
      if (track) select.value = track.getSettings().deviceId ?? "";
    }
  }

  stage?.addEventListener("camera:ready", list);
  navigator.mediaDevices?.addEventListener?.("devicechange", list);
  form.addEventListener("change", () => {
    const detail = { video: video.value, audio: audio.value };
    stage.dispatchEvent(new CustomEvent("camera:choose", { detail }));
  });
}
