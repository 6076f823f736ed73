// What an eye, a keyboard and a screen reader would find wrong with a page: a list of texts, empty when all is well.
(root) => {
  const found = [];
  const elements = [...document.querySelectorAll(`${root}, ${root} *`)].filter((element) => element.checkVisibility());
  const where = (element) => `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;

  // WCAG 2.2, 1.4.3: text against what is behind it
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([...rgb]) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const judge = (element, colour) => {
    const [light, dark] = [luminance(rgba(colour).slice(0, 3)), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)}: ${where(element)}`);
  };
  for (const element of elements) {
    if (element.placeholder) judge(element, getComputedStyle(element, "::placeholder").color);
    const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (hasText) judge(element, getComputedStyle(element).color);
  }

  // 1.3.1, 4.1.2: what can be filled in or pressed has a name, what is referred to exists, no id stands twice
  for (const field of elements.filter((element) => element.matches("input:not([type=hidden]), select, textarea, button, a, summary"))) {
    const name = field.getAttribute("aria-label") || [...(field.labels ?? [])].map((label) => label.textContent).join("") || field.textContent || field.value;
    if (!name?.trim()) found.push(`no name: ${field.outerHTML.slice(0, 80)}`);
  }
  for (const element of document.querySelectorAll("[aria-labelledby]")) {
    for (const id of element.getAttribute("aria-labelledby").split(" ")) if (!document.getElementById(id)) found.push(`nothing is called ${id}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) found.push(`two elements are called ${id}`);

  // 1.3.1: landmarks and headings
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  if (document.querySelectorAll("h1").length < 1) found.push("no h1");
  if (!document.documentElement.lang) found.push("no language");

  // 1.4.10: one direction of scrolling
  if (document.documentElement.scrollWidth > innerWidth) found.push(`${document.documentElement.scrollWidth} pixels wide, ${innerWidth} are there`);
  for (const element of elements) {
    if (element.getBoundingClientRect().right > innerWidth + 1 && !element.closest("pre")) found.push(`cut off: ${where(element)}`);
  }

  // 2.3.3: nothing moves for those who asked for it
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const moving = elements.filter((element) => document.getAnimations().some((one) => one.effect?.target === element));
    for (const element of moving) found.push(`moves: ${where(element)}`);
  }
  return found;
}
