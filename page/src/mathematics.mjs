// MathML from gradlab's own printer into the page. Its styles come as data: the page's policy allows none within text.

const PRIMES = /^[′″‴]+$/;

/** The font has primes raised and small already: raised once more nobody sees them, and a derivative is read as the function. */
function lower(prime) {
  const row = document.createElementNS(prime.namespaceURI, "mrow");
  const { parentElement: raised } = prime;
  raised.replaceWith(row);
  row.append(...raised.childNodes);
}

/**
 * @param {HTMLElement} place whose content is replaced
 * @param {string[]} formulas MathML
 */
export function show(place, formulas) {
  const read = new DOMParser().parseFromString(formulas.join(""), "text/html");
  const styled = /** @type {NodeListOf<HTMLElement>} */ (read.querySelectorAll("[data-style]"));
  for (const element of styled) element.style.cssText = element.dataset.style;
  for (const prime of read.querySelectorAll("msup > mo:last-child")) if (PRIMES.test(prime.textContent)) lower(prime);
  place.replaceChildren(...read.body.childNodes);
}
