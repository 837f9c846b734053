// What can be taken away: a program on the clipboard, pictures and tables as files.

/** Give somebody a file. */
export function download(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A canvas as a file, on the ground of the page: what is drawn for a dark one is not seen on a light one. */
export function downloadPicture(canvas, name) {
  const { width, height } = canvas;
  const picture = Object.assign(document.createElement("canvas"), { width, height });
  const pen = picture.getContext("2d");
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, width, height);
  pen.drawImage(canvas, 0, 0);
  picture.toBlob((blob) => download(name, blob));
}

/** @param {(string | number)[][]} rows */
export const downloadTable = (rows, name) => download(name, rows.map((row) => row.join(",")).join("\n") + "\n", "text/csv");

/** A button that copies what it is asked for, and says so. */
export function copyButton(text, title = "Copy as Python") {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
  button.addEventListener("click", async () => {
    const made = text();
    try {
      if (made) await navigator.clipboard.writeText(made);
      button.textContent = made ? "Copied" : "There is nothing yet";
    } catch {
      button.textContent = "The browser does not allow it: mark the text and copy it";
    }
    setTimeout(() => (button.textContent = title), 2000);
  });
  return button;
}
