// Put before the console's own scripts: a camera that films the clock of this machine. Thirty-two
// squares say the milliseconds (24 bits) and their sum (8 bits); below them something moves, so that
// the encoder has work to do.
(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 540;
  canvas.height = 960;
  const brush = canvas.getContext("2d", { alpha: false });
  const noise = new ImageData(180, 120);

  function paint() {
    const time = Date.now() & 0xffffff;
    const sum = ((time & 255) + ((time >> 8) & 255) + (time >> 16)) & 255;
    for (let bit = 0; bit < 32; bit++) {
      const on = bit < 24 ? (time >> bit) & 1 : (sum >> (bit - 24)) & 1;
      brush.fillStyle = on ? "#fff" : "#000";
      brush.fillRect((bit % 8) * 67.5, Math.floor(bit / 8) * 60, 67.5, 60);
    }
    const turn = performance.now() / 1000;
    const sky = brush.createLinearGradient(0, 240, 540, 960);
    sky.addColorStop(0, `hsl(${(turn * 20) % 360} 60% 60%)`);
    sky.addColorStop(1, "#345");
    brush.fillStyle = sky;
    brush.fillRect(0, 240, 540, 720);
    for (let i = 0; i < noise.data.length; i += 4) {
      noise.data[i] = noise.data[i + 1] = noise.data[i + 2] = (i * 7919 + turn * 60) & 255;
      noise.data[i + 3] = 255;
    }
    brush.putImageData(noise, 180 + 150 * Math.sin(turn), 600);
    brush.fillStyle = "#fda";
    brush.beginPath();
    brush.arc(270 + 200 * Math.sin(turn * 2), 450 + 80 * Math.cos(turn * 3), 60, 0, 7);
    brush.fill();
  }

  setInterval(paint, 1000 / 24);
  navigator.mediaDevices.getUserMedia = async () => {
    paint();
    const stream = canvas.captureStream(24);
    const context = new AudioContext();
    const tone = context.createOscillator();
    const out = context.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    stream.addTrack(out.stream.getAudioTracks()[0]);
    return stream;
  };
})();
