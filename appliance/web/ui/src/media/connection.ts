/** One WebSocket for all pictures of the page: many streams by id, opened again after a break. */
import { noticeClose, SESSION_ENDED_WAIT_MS } from "../api/http";
import { decodableCodecs } from "./codecs";
import { Heartbeat, PING_MS } from "./heartbeat";
import { decodePacket, type Command, type Notice, type OpenRequest, type Packet, SUBPROTOCOL } from "./protocol";

export interface Listener {
  notice(notice: Notice): void;
  packet(packet: Packet): void;
  /** The connection went away; what was opened is opened again by itself once it is back. */
  lost(): void;
}

/** One opened stream. */
export class Handle {
  readonly id: number;
  request: OpenRequest;
  readonly listener: Listener;
  private readonly connection: Connection;
  constructor(connection: Connection, id: number, request: OpenRequest, listener: Listener) {
    this.connection = connection;
    this.id = id;
    this.request = request;
    this.listener = listener;
  }
  send(command: Command): void {
    if (command.op === "seek") this.request = { ...this.request, at: command.at };
    if (command.op === "audio") this.request = { ...this.request, audio: command.on };
    if (command.op === "play") this.request = { ...this.request, paused: false, speed: command.speed, keys: command.keys };
    if (command.op === "speed") this.request = { ...this.request, speed: command.speed, keys: command.keys };
    if (command.op === "step") this.request = { ...this.request, at: command.at, paused: true };
    if (command.op === "pause") this.request = { ...this.request, paused: true };
    this.connection.send({ ...command, id: this.id });
  }
  close(): void {
    this.connection.close(this);
  }
}

export class Connection {
  private socket: WebSocket | null = null;
  private handles = new Map<number, Handle>();
  private nextId = 1;
  private retry = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private pinger: ReturnType<typeof setInterval> | null = null;
  private beat = new Heartbeat(0);
  private readonly address: () => string;
  /** Round trip to the box in ms, smoothed; 0 until measured. */
  roundTripMs = 0;

  constructor(address: () => string = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/media`) {
    this.address = address;
  }

  open(request: OpenRequest, listener: Listener): Handle {
    const handle = new Handle(this, this.nextId++, request, listener);
    this.handles.set(handle.id, handle);
    if (this.socket?.readyState === WebSocket.OPEN) this.announce(handle);
    else this.connect();
    return handle;
  }

  close(handle: Handle): void {
    if (!this.handles.delete(handle.id)) return;
    this.send({ op: "close", id: handle.id });
    if (this.handles.size === 0) {
      // Keep the socket a little: the next page or layout wants it at once.
      setTimeout(() => this.handles.size === 0 && this.shut(), 15_000);
    }
  }

  send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Close the socket for good (logging out). */
  shut(): void {
    this.handles.clear();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.socket?.close();
    this.socket = null;
    this.stopPinging();
  }

  private announce(handle: Handle): void {
    this.send({ op: "open", id: handle.id, form: "fmp4", codecs: decodableCodecs(), ...handle.request });
  }

  private connect(): void {
    if (this.timer || (this.socket && this.socket.readyState <= WebSocket.OPEN)) return;
    const socket = new WebSocket(this.address(), SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.retry = 0;
      for (const handle of this.handles.values()) this.announce(handle);
      this.startPinging(socket);
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      // One that was given up may still have something to say.
      if (this.socket === socket) this.receive(event.data);
    };
    socket.onclose = (event) => {
      this.ended(socket, noticeClose(event) ? SESSION_ENDED_WAIT_MS : 0);
    };
  }

  private ended(socket: WebSocket, leastWaitMs = 0): void {
    if (this.socket !== socket) return;
    this.socket = null;
    this.stopPinging();
    for (const handle of [...this.handles.values()]) handle.listener.lost();
    if (this.handles.size > 0) this.later(leastWaitMs);
  }

  private later(leastMs: number): void {
    const wait = Math.max(leastMs, Math.min(8000, 500 * 2 ** this.retry) * (0.8 + Math.random() * 0.4));
    this.retry += 1;
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.handles.size > 0) this.connect();
    }, wait);
  }

  private receive(data: string | ArrayBuffer): void {
    this.beat.heard();
    if (typeof data !== "string") {
      const packet = decodePacket(data);
      if (packet) this.handles.get(packet.id)?.listener.packet(packet);
      return;
    }
    const message = JSON.parse(data) as Notice | { op: "pong"; t: number };
    if (message.op === "pong") {
      const trip = performance.now() - message.t;
      this.roundTripMs = this.roundTripMs ? this.roundTripMs * 0.8 + trip * 0.2 : trip;
      return;
    }
    this.handles.get(message.id)?.listener.notice(message);
  }

  private startPinging(socket: WebSocket): void {
    this.stopPinging();
    this.beat = new Heartbeat(performance.now());
    this.pinger = setInterval(() => {
      if (this.beat.tick(performance.now()) === "ping") return this.ping();
      // A dead network never answers the closing handshake either: do not wait for it.
      socket.close();
      this.ended(socket);
    }, PING_MS);
    document.addEventListener("visibilitychange", this.wake);
    window.addEventListener("online", this.wake);
  }

  private stopPinging(): void {
    if (this.pinger) clearInterval(this.pinger);
    this.pinger = null;
    document.removeEventListener("visibilitychange", this.wake);
    window.removeEventListener("online", this.wake);
  }

  private wake = (): void => {
    if (document.visibilityState !== "visible") return;
    this.beat.wake(performance.now());
    this.ping();
  };

  private ping(): void {
    this.send({ op: "ping", t: performance.now() });
  }
}
