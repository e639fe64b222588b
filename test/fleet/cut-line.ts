import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A line to a host that breaks at a chosen piece of its traffic: the same place in every run, whatever the clock. */
export class CutLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Pieces that came through since {@link restart}, in both directions. */
  pieces = 0;
  #cutAt: number | undefined;
  cuts = 0;

  private constructor(address: string, port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, address);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => {});
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.on("data", (piece: Buffer) => {
          this.pieces++;
          if (this.pieces === this.#cutAt) this.#cut();
          else if (!to.write(piece)) {
            from.pause();
            to.once("drain", () => from.resume());
          }
        });
      }
    });
  }

  static async to(address: string, port: number): Promise<CutLine> {
    const line = new CutLine(address, port);
    await new Promise<void>((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Counts anew; with a number, all connections break when that piece comes, and it is lost. */
  restart(cutAt?: number): void {
    this.pieces = 0;
    this.cuts = 0;
    this.#cutAt = cutAt;
  }

  #cut(): void {
    this.cuts++;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
