// Owns places that scroll: which the keyboard can reach (those that are fuller than high, while they are), and lists that grow at their end.

/** A place that scrolls takes the focus, so that arrows scroll it; one that does not is no stop on the way (WCAG 2.1.1). */
export function reachable(...nodes) {
  for (const node of nodes.filter(Boolean)) {
    const look = () => {
      if (node.scrollHeight > node.clientHeight + 1) node.tabIndex = 0;
      else if (document.activeElement !== node) node.removeAttribute("tabindex");
    };
    new ResizeObserver(look).observe(node);
    new MutationObserver(look).observe(node, { childList: true, characterData: true, subtree: true });
  }
}

/** Scroll a growing list to its newest row, so that it begins with a whole one; an empty row after the last (::after) gives way for it. */
export function toNewest(list) {
  const most = list.scrollHeight - list.clientHeight, spare = parseFloat(getComputedStyle(list, "::after").height) || 0;
  const rows = [...list.children], begin = rows[0]?.offsetTop ?? 0;
  const first = rows.find((row) => row.offsetTop - begin >= most - spare);
  list.scrollTop = first && most > 0 ? first.offsetTop - begin : most;
}
