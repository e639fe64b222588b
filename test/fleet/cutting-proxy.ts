import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Where a connection breaks: so many bytes have come from the client, and the last of them arrive or do not. */
export interface Cut {
  readonly after: number;
  readonly lastArrives: boolean;
}

/** A way to one server that breaks once, as a network does: no word of it in the protocol. */
export interface CuttingProxy {
  readonly port: number;
  /** For the next connection. */
  cut: Cut | undefined;
  /** How many connections were cut. */
  readonly done: number;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 and passes connections on to an address. */
export async function cuttingProxy(address: string, port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let done = 0;
  const server = createServer((client) => {
    const { cut } = proxy;
    proxy.cut = undefined;
    const upstream = connect(port, address);
    let seen = 0;
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {}); // the other side's end tells it
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      seen += chunk.length;
      if (!cut || seen < cut.after) {
        upstream.write(chunk);
        return;
      }
      done++;
      client.destroy();
      if (cut.lastArrives) upstream.end(chunk);
      else upstream.destroy();
    });
    upstream.on("data", (chunk: Buffer) => client.write(chunk));
    upstream.on("end", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = {
    port: (server.address() as AddressInfo).port, // a TCP server's address is one
    cut: undefined as Cut | undefined,
    get done() {
      return done;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return proxy;
}
