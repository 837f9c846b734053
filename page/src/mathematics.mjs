// MathML from gradlab's own printer into the page. Its styles come as data: the page's policy allows none within text.

/**
 * @param {HTMLElement} place whose content is replaced
 * @param {string[]} formulas MathML
 */
export function show(place, formulas) {
  const read = new DOMParser().parseFromString(formulas.join(""), "text/html");
  const styled = /** @type {NodeListOf<HTMLElement>} */ (read.querySelectorAll("[data-style]"));
  for (const element of styled) element.style.cssText = element.dataset.style;
  place.replaceChildren(...read.body.childNodes);
}
