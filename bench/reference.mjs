// A bare broadcast server of Node's `ws`: what fan-out is compared with. Everyone hears what anyone
// says, at once and with nothing in between: no row, no check, no gathering. node bench/reference.mjs PORT
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false });

server.on("connection", (socket) => {
  socket.send('{"type":"welcome"}');
  socket.on("error", () => {}); // a viewer who was cut off
  socket.on("message", (frame) => {
    const { text } = JSON.parse(frame);
    const said = JSON.stringify({ type: "chat.said", text });
    for (const viewer of server.clients) viewer.send(said);
  });
});
