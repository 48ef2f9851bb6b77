// fetch with our manners: same origin, CSRF header, and a refusal that carries its sentence.
import { word } from "guitai/words";

export class Refused extends Error {
  constructor(response, sentence, body) {
    super(sentence);
    this.status = response?.status ?? 0; // 0: the network is down
    this.code = body?.code ?? "";
  }
}

// The answer to a request. Throws Refused with a sentence for the person if there is none.
// `data` is FormData, a URLSearchParams, or an object that travels as JSON.
export async function send(url, { method = "POST", data, headers = {} } = {}) {
  const plain = data && !(data instanceof FormData) && !(data instanceof URLSearchParams);
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  let response;
  try {
    response = await fetch(url, {
      method,
      body: plain ? JSON.stringify(data) : data,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(token && method !== "GET" ? { "X-CSRFToken": token } : {}),
        ...(plain ? { "Content-Type": "application/json" } : {}),
        ...headers,
      },
    });
  } catch {
    throw new Refused(null, word("offline"));
  }
  if (response.ok) return response;
  throw await refusal(response);
}

// The same, with the JSON of the answer.
export async function sendJson(url, options) {
  return (await send(url, options)).json();
}

async function refusal(response) {
  const kind = response.headers.get("Content-Type") ?? "";
  if (kind.includes("json")) {
    const body = await response.json().catch(() => ({}));
    return new Refused(response, body.sentence ?? body.detail ?? sentenceFor(response.status), body);
  }
  return new Refused(response, sentenceFor(response.status));
}

// What to say about a status that brought no sentence of its own.
export function sentenceFor(status) {
  if (!status) return word("offline");
  return word(String(status)) || word(status >= 500 ? "500" : "400");
}
