// The countdown page becomes the room when the show starts, each viewer at her own moment.
export default function start() {
  const come = () => setTimeout(() => location.reload(), Math.random() * 2000);
  document.addEventListener("live:room.moved", come, { once: true });
}
