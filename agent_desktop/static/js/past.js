// Owns what is known of a number before this call: its place, earlier tickets with their state, earlier calls, the mark of a repeat.

import { $, fill, lineBadge, make, mark, write } from "./dom.js";
import { DIRECTIONS, OUTCOMES, PHASES, TICKET } from "./texts.js";
import { PAST } from "./texts_phone.js";
import { duration, moment } from "./times.js";

const UNKNOWN = { place: "", tickets: null, calls: null, repeat: null, failed: false, ticketsFailed: false };

export class Past {
  #names;
  #known = UNKNOWN;
  #number = "";

  /** `stageName(key)` tells what a ticket's stage is called. */
  constructor(stageName) {
    this.#names = stageName;
  }

  /** Another call: nothing is known yet. */
  forget() {
    this.#known = UNKNOWN;
    this.show("");
  }

  /** What GET /api/calls/{id}/ticket told. */
  learn({ place = "", earlier, earlier_known: isKnown, earlier_tickets: tickets, earlier_tickets_known: areKnown, repeat }) {
    this.#known = {
      place, repeat: repeat ?? null,
      calls: isKnown === false ? null : earlier ?? [], failed: isKnown === false,
      tickets: areKnown ? tickets ?? [] : null, ticketsFailed: areKnown === false,
    };
    this.show();
  }

  /** The server did not answer. */
  fail() {
    this.#known = { ...this.#known, failed: true, ticketsFailed: true };
    this.show();
  }

  get isWhole() {
    return !this.#known.failed && !this.#known.ticketsFailed;
  }

  /** `number` as far as the page knows it by now. */
  show(number = this.#number) {
    this.#number = number;
    const { place, tickets, ticketsFailed, calls, failed, repeat } = this.#known;
    write($("#ticket-place"), place || (number.startsWith("00") ? PAST.abroad : ""));
    const again = repeat && tickets?.find((ticket) => ticket.number === repeat.number);
    mark($("#ticket-repeat"), "shown", Boolean(again));
    fill($("#ticket-repeat"), again ? [again.number, repeat.why] : "", () => (again
      ? [make("b", {}, PAST.repeat), make("span", {}, PAST.why[repeat.why] ?? ""), link(again, again.title || again.number)] : []));
    write($("#ticket-tickets-count"), tickets?.length ? String(tickets.length) : "");
    const none = ticketsFailed ? PAST.ticketsLater : tickets === null ? TICKET.loading : PAST.noTickets;
    fill($("#ticket-tickets"), tickets?.length ? [tickets, tickets.map(({ stage }) => this.#names(stage))] : none, () => (tickets?.length
      ? tickets.map((ticket) => this.#ticket(ticket)) : [make("li", { class: "none" }, none)]));
    const words = failed ? TICKET.earlierLater : calls === null ? TICKET.loading : TICKET.noEarlier;
    write($("#ticket-earlier-count"), calls?.length ? String(calls.length) : "");
    fill($("#ticket-earlier"), calls?.length ? calls : words, () => (calls?.length ? calls.map(callRow) : [make("li", { class: "none" }, words)]));
  }

  #ticket(ticket) {
    const isLate = ticket.left === "late" && ticket.due_at != null;
    return make("li", { "data-number": ticket.number, "data-stage": ticket.stage, "data-left": ticket.left },
      badge(ticket.line), make("time", { class: "figure" }, moment(ticket.created_at).split(" ")[0]), link(ticket, ticket.title || ticket.number),
      make("span", { class: "result" }, isLate ? PAST.late : this.#names(ticket.stage)));
  }
}

/** The line by shape and colour where the row is short; its number is read out all the same. */
function badge(line) {
  return make("span", { class: "line", "data-line": line || "unknown", title: line || "" }, make("b", { class: "heard-only" }, line || PAST.otherSource));
}

const link = (ticket, words) => make("a", { href: `/tickets/${encodeURIComponent(ticket.number)}`, target: "ticket", title: `${ticket.number} ${ticket.title ?? ""}` }, words);

function callRow(call) {
  return make("li", {}, make("time", {}, moment(call.arrived_at)), lineBadge(call.line, DIRECTIONS[call.direction]),
    make("span", { class: "result" }, call.answered_at && call.ended_at ? duration(call.ended_at - call.answered_at) : OUTCOMES[call.outcome] ?? PHASES[call.state] ?? ""));
}
