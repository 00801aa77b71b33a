// The page's own words, in the reader's language, and the ones a refused request answers with.

export const words = document.body.dataset;

export function faultIn(html) {
  const fault = new DOMParser().parseFromString(html, "text/html").querySelector("[data-fault]");
  return fault ? fault.textContent : words.uploadFailed;
}
