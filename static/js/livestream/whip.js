// The clerk's picture by WebRTC, from the page that shows her the key. It comes back by itself.
//
//   <section data-module="livestream/whip" data-server="https://…/whip/<stream>/" data-key="…" hidden
//            data-text-…                        sentences of camera.js, which lists its elements
//            data-text-asking=… data-text-sends=… data-text-lost=… data-text-off=…>
//     <button data-whip-start> <button data-whip-stop hidden> <p role="status" data-whip-state></p>
//     <div data-whip-tools hidden>              what is of use only with a picture
//   </section>
//
// data-sending on the element is "true" while the picture goes out. Without scripts it stays hidden:
// address and key above it are what any other app needs.

import { Camera } from "guitai/livestream/camera";

const HIGHEST = 1_300_000; // bits a second
const AGAIN = 2000; // ms between two tries
const HEALS = 3000; // ms in which a line that broke may come back by itself
const GATHERS = 3000; // ms for the browser to find the addresses it has
const OVER = new Set([400, 401, 403, 404]); // trying again changes nothing

export default function start(stage) {
  const path = new URL(stage.dataset.server, location.href).pathname; // always on this page's host
  const [go, stop, tools, state] = ["start", "stop", "tools", "state"]
    .map((name) => stage.querySelector(`[data-whip-${name}]`));
  const camera = new Camera(stage, () => {});
  let wanted = false;
  let line = null;
  let timer = 0;

  function show(text, sending = false) {
    state.textContent = text;
    stage.dataset.sending = String(sending);
    go.hidden = wanted;
    stop.hidden = !wanted;
    tools.hidden = !camera.stream;
  }

  async function connect() {
    clearTimeout(timer);
    show(stage.dataset.textAsking);
    try {
      await leave();
      const opened = await open(path, stage.dataset.key, camera.stream);
      if (!wanted) return opened.end();
      line = opened;
      line.peer.onconnectionstatechange = () => heard(opened);
      heard(opened);
    } catch (trouble) {
      if (!wanted) return;
      if (OVER.has(trouble.status)) return finish(trouble.message);
      show(trouble.message || stage.dataset.textLost);
      timer = setTimeout(connect, AGAIN);
    }
  }

  function heard(opened) {
    if (line !== opened || !wanted) return;
    clearTimeout(timer);
    const now = opened.peer.connectionState;
    if (now === "connected") return show(stage.dataset.textSends, true);
    if (now === "new" || now === "connecting") return;
    show(stage.dataset.textLost);
    timer = setTimeout(connect, now === "disconnected" ? HEALS : 0);
  }

  async function leave() {
    const left = line;
    line = null;
    await left?.end();
  }

  function finish(text) {
    wanted = false;
    clearTimeout(timer);
    leave();
    camera.close();
    show(text);
  }

  go.addEventListener("click", async () => {
    wanted = true;
    show(stage.dataset.textAsking);
    if (await camera.open()) await connect();
    else finish("");
  });
  stop.addEventListener("click", () => finish(stage.dataset.textOff));
  stage.addEventListener("camera:ready", () => { // another camera, the same line
    if (line) line.change(camera.stream);
  });
  addEventListener("pagehide", () => line?.end());
  stage.hidden = false;
}

// One connection. Throws an error with the server's status and its sentence.
async function open(path, key, stream) {
  const peer = new RTCPeerConnection();
  try {
    for (const track of stream.getTracks()) {
      const picture = track.kind === "video";
      const sendEncodings = picture ? [{ maxBitrate: HIGHEST }] : [];
      const way = peer.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings });
      if (picture) preferH264(way);
    }
    await peer.setLocalDescription();
    await gathered(peer);
    const answer = await fetch(path, {
      method: "POST",
      body: peer.localDescription.sdp,
      headers: {
        "Content-Type": "application/sdp",
        "Authorization": `Bearer ${key}`,
        "Accept-Language": document.documentElement.lang,
      },
    });
    const text = await answer.text();
    if (answer.status !== 201) throw Object.assign(new Error(text), { status: answer.status });
    await peer.setRemoteDescription({ type: "answer", sdp: text });
    return new Line(peer, answer.headers.get("Location"), key);
  } catch (trouble) {
    peer.close();
    if (!trouble.status) trouble.message = ""; // the network's own words help nobody
    throw trouble;
  }
}

class Line {
  constructor(peer, place, key) {
    Object.assign(this, { peer, place, key });
  }

  change(stream) {
    for (const sender of this.peer.getSenders()) {
      const track = stream.getTracks().find(({ kind }) => kind === sender.track?.kind);
      if (track) sender.replaceTrack(track).catch(() => {});
    }
  }

  async end() {
    this.peer.onconnectionstatechange = null;
    this.peer.close();
    const headers = { Authorization: `Bearer ${this.key}` };
    await fetch(this.place, { method: "DELETE", headers, keepalive: true }).catch(() => {});
  }
}

// The server copies H.264 and would have to encode anything else anew.
function preferH264(way) {
  const known = RTCRtpSender.getCapabilities?.("video")?.codecs ?? [];
  const [first, rest] = [true, false].map((is) => known.filter(({ mimeType }) => /h264/i.test(mimeType) === is));
  if (first.length) way.setCodecPreferences?.([...first, ...rest]);
}

function gathered(peer) {
  if (peer.iceGatheringState === "complete") return null;
  return new Promise((done) => {
    setTimeout(done, GATHERS);
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done());
  });
}
