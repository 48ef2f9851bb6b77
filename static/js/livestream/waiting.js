// A show has ended and its replay is being made: look again every few seconds until it is there.
export default function start() {
  setTimeout(() => location.reload(), 4000 + Math.random() * 2000);
}
