import type { Socket } from 'node:net';
import { GlidError } from '@glid/base';

const nameBytes = 24;
const headerBytes = nameBytes + 4;

/** A message: the call's name (24 bytes), the number of floats, the floats; little-endian. */
export function frame(name: string, values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + values.byteLength);
  new TextEncoder().encodeInto(name, bytes);
  new DataView(bytes.buffer).setUint32(nameBytes, values.length, true);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), headerBytes);
  return bytes;
}

/** A connection as a sequence of messages. */
export class Frames {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #length = 0;
  #lost: Error | undefined;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    const lose = (why: string): void => {
      this.#lost ??= new GlidError('GLID_IO', `A rank is gone: ${why}.`, {
        fix: 'Look at the output of the other processes.',
      });
      this.#wake();
    };
    socket.on('error', (error) => lose(error.message));
    socket.on('close', () => lose('it hung up'));
  }

  send(message: Uint8Array): void {
    this.#socket.write(message);
  }

  /** The values of the next message, which must be of the given call and length. @throws GLID_IO, GLID_USAGE */
  async next(name: string, length: number): Promise<Float32Array> {
    const header = await this.#take(headerBytes);
    const theirs = header.subarray(0, nameBytes).toString('latin1').replace(/\0+$/, '');
    const count = header.readUInt32LE(nameBytes);
    if (theirs !== name || count !== length) {
      throw new GlidError(
        'GLID_USAGE',
        `One rank called ${name} with ${length} floats, another ${theirs} with ${count}.`,
        {
          fix: 'Make the same calls in the same order on every rank.',
        },
      );
    }
    const body = await this.#take(4 * length);
    const values = new Float32Array(length);
    new Uint8Array(values.buffer).set(body);
    return values;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#length < bytes) {
      if (this.#lost) throw this.#lost;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = Buffer.concat([this.#received, ...this.#chunks]);
    this.#received = all.subarray(bytes);
    this.#chunks = [];
    this.#length = this.#received.length;
    return all.subarray(0, bytes);
  }
}
