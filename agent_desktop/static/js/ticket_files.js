// Owns the attachments of one ticket: the list, adding by choosing or dropping, what the server refused and why.

import { remove, upload } from "./api.js";
import { $, fill, make, mark, write } from "./dom.js";
import { ONE } from "./texts_ticket.js";
import { moment } from "./times.js";
import { twice } from "./twice.js";

const MB = 1048576;

export class TicketFiles {
  #path;
  #changed;
  #largest = Infinity;

  /** `path` is the ticket's; `changed()` reads it again. */
  constructor(path, changed) {
    this.#path = `${path}/attachments`;
    this.#changed = changed;
    const input = $("#file-add"), place = $(".said");
    input.addEventListener("change", async () => {
      await this.#add([...input.files]);
      input.value = "";
    });
    place.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && (event.preventDefault(), mark(place, "drop", true)));
    place.addEventListener("dragleave", () => mark(place, "drop", false));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      mark(place, "drop", false);
      this.#add([...event.dataTransfer.files]);
    });
  }

  allow({ kinds = [], endings = [], largest } = {}) {
    $("#file-add").accept = [...kinds, ...endings].join(",");
    if (largest) this.#largest = largest;
  }

  show(attachments) {
    write($("#files-count"), attachments.length ? String(attachments.length) : "");
    fill($("#files"), attachments, () => (attachments.length ? attachments.map((file) => this.#row(file)) : [make("li", { class: "quiet" }, ONE.noAttachments)]));
  }

  #row(file) {
    return make("li", {}, make("a", { href: `${this.#path}/${encodeURIComponent(file.id)}`, target: "_blank" }, file.name),
      make("small", {}, [ONE.size(file.size), file.by_name, moment(file.at)].join(" · ")),
      file.may_remove ? twice(ONE.remove, () => this.#drop(file), { class: "plain" }) : null);
  }

  async #add(chosen) {
    for (const file of chosen) {
      if (file.size > this.#largest) {
        this.#tell(`${file.name}：${ONE.tooLarge(Math.floor(this.#largest / MB))}`, "trouble");
        continue;
      }
      this.#tell(ONE.uploading(file.name));
      try {
        await upload(`${this.#path}?name=${encodeURIComponent(file.name)}`, file);
        this.#tell(ONE.uploaded(file.name));
      } catch (error) {
        this.#tell(`${file.name}：${error.code === "too_large" ? ONE.tooLarge(Math.floor((error.facts.most ?? this.#largest) / MB)) : error.message || ONE.notSent}`, "trouble");
      }
      this.#changed();
    }
  }

  async #drop(file) {
    try {
      await remove(`${this.#path}/${encodeURIComponent(file.id)}`);
      this.#tell(ONE.removed(file.name));
    } catch (error) {
      this.#tell(error.message || ONE.notSent, "trouble");
    }
    this.#changed();
  }

  #tell(words, kind = "done") {
    write($("#files-told"), words);
    mark($("#files-told"), "kind", kind);
  }
}
